//! The stacks of `deploy/` fit the one of `template.yaml`.

use tests::deployed::template::Template;

#[test]
fn the_status_bucket_is_read_through_its_distribution_alone_and_over_plain_http() {
    let status = Template::at("deploy/status.yaml");
    for closed in ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"] {
        let bucket = &status.resource("StatusBucket")["Properties"];
        assert_eq!(bucket["PublicAccessBlockConfiguration"][closed], true, "{closed}");
    }
    let statements = &status.resource("StatusBucketPolicy")["Properties"]["PolicyDocument"]["Statement"];
    assert_eq!(statements.as_sequence().map(Vec::len), Some(1));
    assert_eq!(statements[0]["Principal"]["Service"], "cloudfront.amazonaws.com");
    assert_eq!(statements[0]["Action"], "s3:GetObject");
    let source = format!("{:?}", statements[0]["Condition"]["StringEquals"]["aws:SourceArn"]);
    assert!(source.contains("distribution/${Distribution}"), "{source}");
    let distribution = &status.resource("Distribution")["Properties"]["DistributionConfig"];
    assert_eq!(distribution["DefaultCacheBehavior"]["ViewerProtocolPolicy"], "allow-all");
    let stack = Template::read();
    for output in ["StatusUrl", "AdoptStatusBucketName"] {
        assert!(status.outputs().contains(&output) && !stack.parameter(output).is_null(), "{output}");
    }
}

#[test]
fn what_was_archived_outlives_the_stack_and_no_role_of_it_deletes_or_shortens() {
    let archive = Template::at("deploy/archive.yaml");
    for kept in ["Vault", "Archive"] {
        let resource = archive.resource(kept);
        assert_eq!(resource["DeletionPolicy"], "RetainExceptOnCreate", "{kept}");
        assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{kept}");
    }
    let bucket = &archive.resource("Archive")["Properties"];
    assert_eq!(bucket["ObjectLockEnabled"], true);
    assert_eq!(bucket["VersioningConfiguration"]["Status"], "Enabled");
    let lock = yaml_serde::to_string(&bucket["ObjectLockConfiguration"]).unwrap();
    assert!(lock.contains("ArchiveMode") && lock.contains("ArchiveDays"), "{lock}");
    let vault = yaml_serde::to_string(&archive.resource("Vault")["Properties"]["LockConfiguration"]).unwrap();
    assert!(vault.contains("BackupDays") && vault.contains("ChangeableForDays"), "{vault}");
    let roles = ["BackupRole", "ArchiverRole", "ArchiverWrites", "LogsRole", "LogsWrite"];
    for role in roles {
        let policy = yaml_serde::to_string(archive.resource(role)).unwrap();
        for action in policy.split([' ', '\n']).filter(|word| word.starts_with("s3:") || word.starts_with("backup:")) {
            let harmful = ["*", "Delete", "Retention", "Bypass", "Lock", "Lifecycle", "Policy"];
            assert!(!harmful.iter().any(|part| action.contains(part)), "{role}: {action}");
        }
        assert!(!policy.contains("'*'"), "{role} is for one thing");
    }
    let made = archive.resources("AWS::IAM::Role").len() + archive.resources("AWS::IAM::Policy").len();
    assert_eq!(made, roles.len(), "each is looked at");
}

#[test]
fn the_archive_asks_for_what_the_stack_puts_out() {
    let (archive, stack) = (Template::at("deploy/archive.yaml"), Template::read());
    for output in ["TableName", "LogGroupName"] {
        assert!(stack.outputs().contains(&output) && !archive.parameter(output).is_null(), "{output}");
    }
    assert_eq!(stack.parameter("DataKeyArn")["Type"], archive.parameter("DataKeyArn")["Type"]);
}
