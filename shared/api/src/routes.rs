//! The routes of the API gateway: which function receives which requests.
//!
//! The paths have the prefix `/api`, as every public base URL does. Requests that match no route go
//! to the function `fallback`.

use http::Method;

use crate::Operation;

/// A route: the operation for requests with this method and a path of this form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GatewayRoute {
    /// The HTTP method.
    pub method: Method,
    /// The path, with names in braces for the variable segments.
    pub path: String,
    /// The operation; it has the name of its function.
    pub operation: Operation,
}

/// All routes, of both kinds of directory.
pub fn routes() -> Vec<GatewayRoute> {
    let mut routes = Vec::new();
    for family in FAMILIES {
        for (suffix, operation) in SUFFIXES {
            routes.extend(operation.methods().iter().map(|method| GatewayRoute {
                method: method.clone(),
                path: format!("{family}{suffix}"),
                operation,
            }));
        }
    }
    routes
}

const FAMILIES: [&str; 2] =
    ["/api/v1/protocols/acme/{acmeProfileName}", "/api/v1/protocols/acme/raProfile/{raProfileName}"];

const SUFFIXES: [(&str, Operation); 16] = [
    ("/directory", Operation::Directory),
    ("/new-nonce", Operation::NewNonce),
    ("/new-account", Operation::NewAccount),
    ("/acct/{accountId}", Operation::Account),
    ("/acct/{accountId}/orders", Operation::Orders),
    ("/orders/{accountId}", Operation::Orders),
    ("/new-order", Operation::NewOrder),
    ("/new-authz", Operation::NewAuthorization),
    ("/order/{orderId}", Operation::Order),
    ("/order/{orderId}/finalize", Operation::Finalize),
    ("/authz/{authorizationId}", Operation::Authorization),
    ("/chall/{challengeId}", Operation::Challenge),
    ("/cert/{certificateId}", Operation::Certificate),
    ("/revoke-cert", Operation::RevokeCert),
    ("/key-change", Operation::KeyChange),
    ("/renewal-info/{certId}", Operation::RenewalInfo),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use acme::{AccountId, AuthorizationId, CertificateId, ChallengeType, DirectoryId, OrderId, Resource, Urls};
    use jiff::Timestamp;

    use super::*;

    fn resources() -> Vec<Resource> {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let account = AccountId::new(now, [1; 10]);
        let order = OrderId::new(now, [2; 10]);
        let authorization = AuthorizationId::new(now, [3; 10]);
        let certificate: CertificateId = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE".parse().unwrap();
        vec![
            Resource::Directory,
            Resource::NewNonce,
            Resource::NewAccount,
            Resource::Account(account),
            Resource::AccountOrders(account),
            Resource::Orders(account),
            Resource::NewOrder,
            Resource::NewAuthorization,
            Resource::Order(order),
            Resource::Finalize(order),
            Resource::Authorization(authorization),
            Resource::Challenge(authorization, ChallengeType::Http01),
            Resource::Certificate(order),
            Resource::RevokeCert,
            Resource::KeyChange,
            Resource::RenewalInfo(certificate),
        ]
    }

    /// Whether a gateway matches the path to the route: a name in braces stands for any one
    /// segment.
    fn matches(route: &str, path: &str) -> bool {
        let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
        route.len() == path.len()
            && route.iter().zip(&path).all(|(route, path)| route.starts_with('{') || route == path)
    }

    #[test]
    fn the_path_of_every_resource_matches_the_routes_of_its_operation() {
        let urls = Urls::new("https://ca.test/api");
        let mut used = HashSet::new();
        for directory in ["default", "raProfile/default"] {
            let directory: DirectoryId = directory.parse().unwrap();
            for resource in resources() {
                let url = urls.of(&directory, &resource);
                let path = url.strip_prefix(urls.origin()).unwrap();
                let operation = Operation::on(&resource);
                // The gateway chooses the route with the fewest names in braces.
                let fitting: Vec<_> = routes().into_iter().filter(|route| matches(&route.path, path)).collect();
                let fewest = fitting.iter().map(|route| route.path.matches('{').count()).min();
                let chosen: Vec<_> =
                    fitting.into_iter().filter(|route| Some(route.path.matches('{').count()) == fewest).collect();
                assert!(!chosen.is_empty(), "{path}");
                for route in chosen {
                    assert_eq!(route.operation, operation, "{path}");
                    assert!(operation.takes(&route.method), "{path}");
                    used.insert(route);
                }
            }
        }
        let all = routes();
        assert_eq!(all.len(), 42);
        assert_eq!(all.into_iter().collect::<HashSet<_>>(), used);
    }
}
