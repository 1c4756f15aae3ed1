//! Where in a path the API begins. In front of it may be the name of a stage or the base path of a
//! custom domain, and clients sign URLs with it.

use lambda_http::{RequestExt, request::RequestContext};

/// The path of a request as the client sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The whole path.
    path: String,
    /// How many octets of it are in front of the API's own part.
    prefix_len: usize,
}

impl Target {
    /// The path of a request, which [`read`](super::event::read) has made safe; `/` when the event
    /// names none.
    pub(crate) fn of(request: &lambda_http::Request) -> Self {
        let raw_path = request.raw_http_path();
        let (path, template, stage) = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV1(context)) => {
                // Here the path has its stage only in the context. There `sam local` has the
                // template of the route instead.
                let path = context.path.as_deref().filter(|path| path.ends_with(raw_path)).unwrap_or(raw_path);
                let stage = context.stage.as_deref().filter(|_| path != raw_path);
                (path, context.resource_path.as_deref(), stage)
            }
            Some(RequestContext::ApiGatewayV2(context)) => {
                let template = context.route_key.as_deref().and_then(|key| key.split_once(' '));
                (raw_path, template.map(|(_, template)| template), context.stage.as_deref())
            }
            _ => (raw_path, None, None),
        };
        let path = if path.is_empty() { "/" } else { path };
        let parameters = request.path_parameters_ref();
        let greedy = parameters.and_then(|parameters| parameters.first(GREEDY)).unwrap_or_default();
        let prefix_len = template.and_then(|template| before_template(path, template, greedy));
        let prefix_len = prefix_len.or_else(|| stage.and_then(|stage| stage_len(path, stage))).unwrap_or_default();
        Self { path: path.to_owned(), prefix_len }
    }

    /// What is in front of the API's own part: empty, or a slash and at least one segment.
    pub(crate) fn prefix(&self) -> &str {
        self.path.get(..self.prefix_len).unwrap_or_default()
    }

    /// The path below the base of all URLs, which ends with `/api`, as the API's own part begins
    /// with it. The base may be that of a domain in front of API Gateway, without the prefix.
    pub(crate) fn below(&self, base: &str) -> String {
        let own = self.path.get(self.prefix_len..).and_then(|own| own.strip_prefix(super::API));
        match own {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", path_of(base)),
            _ => self.path.clone(),
        }
    }
}

/// How many octets of a path are in front of the part that the template of its route matched. Only
/// API Gateway knows the base paths of a custom domain, but each segment of the template that is
/// not greedy stands for one of the path.
fn before_template(path: &str, template: &str, greedy: &str) -> Option<usize> {
    let lead = template.split('{').next().unwrap_or_default();
    if template == "/" || template.strip_prefix(lead) == Some(ANY_REST) {
        return path.strip_suffix(greedy).and_then(|front| front.strip_suffix(lead)).map(str::len);
    }
    let segments = template.matches('/').count();
    let (start, _) = path.trim_end_matches('/').rmatch_indices('/').nth(segments.checked_sub(1)?)?;
    // The leftmost place, so that no segment that a client chose becomes a part of the base.
    (path.find(lead) == Some(start)).then_some(start)
}

/// How many octets the name of the stage takes at the start of a path.
fn stage_len(path: &str, stage: &str) -> Option<usize> {
    let rest = path.strip_prefix('/')?.strip_prefix(stage)?;
    (stage != DEFAULT_STAGE && !stage.is_empty() && (rest.is_empty() || rest.starts_with('/')))
        .then_some(path.len() - rest.len())
}

/// The path of a base URL.
fn path_of(base: &str) -> &str {
    let authority = base.split_once("://").map_or(base, |(_, rest)| rest);
    authority.find('/').and_then(|slash| authority.get(slash..)).unwrap_or_default()
}

/// The stage of an HTTP API that has no part in the path.
const DEFAULT_STAGE: &str = "$default";

/// The name that the template of the fallback's route gives to the rest of a path.
const GREEDY: &str = "proxy";
const ANY_REST: &str = "{proxy+}";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The prefix and the path below a base of its own.
    fn split(event: serde_json::Value) -> (String, String) {
        let request = super::super::event::read(&event.to_string()).unwrap().into();
        let target = Target::of(&request);
        (target.prefix().to_owned(), target.below("https://ca.test/pki/api"))
    }

    fn rest(path: &str, context_path: &str, template: &str, proxy: &str) -> (String, String) {
        split(json!({
            "path": path, "httpMethod": "GET", "headers": null, "multiValueHeaders": null,
            "pathParameters": {"proxy": proxy},
            "requestContext": {
                "httpMethod": "GET", "stage": "prod", "resourcePath": template, "path": context_path,
            },
        }))
    }

    fn http_api(path: &str, stage: &str, route: &str) -> (String, String) {
        split(json!({
            "version": "2.0", "rawPath": path, "headers": {},
            "requestContext": {"http": {"method": "GET"}, "stage": stage, "routeKey": route},
        }))
    }

    const ORDER: &str = "/api/v1/protocols/acme/{profile}/order/{order}";

    #[test]
    fn the_prefix_is_the_stage_or_the_base_path_of_the_domain() {
        let own = "/api/v1/protocols/acme/default/order/x";
        let below = "/pki/api/v1/protocols/acme/default/order/x";
        for prefix in ["", "/prod", "/ca", "/acme", "/a/b", "/api", "/prod/api"] {
            let path = format!("{prefix}{own}");
            let expected = (prefix.to_owned(), below.to_owned());
            assert_eq!(http_api(&path, "$default", &format!("GET {ORDER}")), expected);
            assert_eq!(http_api(&path, "prod", &format!("GET {ORDER}")), expected);
            // The stage is in the path of the context only.
            assert_eq!(rest(own, &path, ORDER, ""), expected);
            assert_eq!(rest(&path, &path, ORDER, ""), expected);
            assert_eq!(rest(&path, &path, "/{proxy+}", own.strip_prefix('/').unwrap()), expected);
        }
    }

    #[test]
    fn the_fallback_finds_the_stage_in_front_of_any_path() {
        let own = |path: &str| (String::new(), path.to_owned());
        assert_eq!(http_api("/x", "$default", "$default"), own("/x"));
        assert_eq!(http_api("/prod/x", "prod", "$default").0, "/prod");
        assert_eq!(http_api("/product/x", "prod", "$default"), own("/product/x"));
        assert_eq!(rest("/x/y", "/prod/x/y", "/{proxy+}", "x/y").0, "/prod");
        assert_eq!(rest("/", "/prod/", "/", "").0, "/prod");
        assert_eq!(rest("/prod/x", "/prod/x", "/x", ""), ("/prod".to_owned(), "/prod/x".to_owned()));
    }

    #[test]
    fn no_segment_that_a_client_chose_is_in_front_of_the_api() {
        let nested = "/api/v1/protocols/acme/a/api/v1/protocols/acme/default/order/x";
        for event in [
            http_api(nested, "$default", &format!("GET {ORDER}")),
            http_api(nested, "$default", "$default"),
            rest(nested, nested, ORDER, ""),
            rest(nested, nested, "/{proxy+}", "a%2Fb"),
            rest("/x/api/v1", "/x/api/v1", "/{proxy+}", "x/api/v1"),
        ] {
            assert_eq!(event.0, "");
        }
        assert_eq!(http_api("/x/api/v1/protocols/acme/a/directory", "$default", "$default").0, "");
    }

    #[test]
    fn a_slash_at_the_end_belongs_to_the_path() {
        let path = "/prod/api/v1/protocols/acme/default/order/x/";
        let below = "/pki/api/v1/protocols/acme/default/order/x/".to_owned();
        assert_eq!(rest(path, path, ORDER, ""), ("/prod".to_owned(), below));
    }

    #[test]
    fn a_context_that_has_the_template_instead_of_the_path_as_sam_local_writes_it_names_no_path() {
        let own = "/api/v1/protocols/acme/default/order/x";
        let below = "/pki/api/v1/protocols/acme/default/order/x".to_owned();
        assert_eq!(rest(own, ORDER, ORDER, ""), (String::new(), below));
        assert_eq!(rest("/x", "/{proxy+}", "/{proxy+}", "x"), (String::new(), "/x".to_owned()));
    }

    #[test]
    fn an_event_that_names_no_path_is_about_the_root() {
        let context = json!({"http": {"method": "GET"}, "domainName": "a.test", "stage": "$default"});
        let event = json!({"version": "2.0", "headers": {}, "requestContext": context});
        assert_eq!(split(event), (String::new(), "/".to_owned()));
    }
}
