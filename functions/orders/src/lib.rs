//! The two lists of an account's orders: `POST /acct/{accountId}/orders` with URLs (RFC 8555
//! §7.1.2.1), and `POST /orders/{accountId}` with whole order objects.

#[cfg(feature = "lambda")]
pub mod lambda;

use acme::{OrderId, OrderObject, OrdersObject, Resource};
use api::{AccountCall, Context, Empty, Error, Operation, Reply, Request, Response};
use http::StatusCode;
use ra::{OrderView, OrderViews, Orders};

/// Serves a request.
pub async fn serve(context: &Context, orders: &Orders, request: Request) -> Response {
    api::serve(context, orders, Operation::Orders, request, handle).await
}

async fn handle(context: &Context, orders: &Orders, call: AccountCall<Empty>) -> Result<Reply, Error> {
    let AccountCall { serving, resource, query, account, .. } = call;
    let (owner, whole) = match resource {
        Resource::AccountOrders(owner) => (owner, false),
        Resource::Orders(owner) => (owner, true),
        _ => return Err(Error::NoSuchResource),
    };
    let cursor = query.as_deref().map(cursor).transpose()?.flatten();
    let list = orders.list(&account, owner, cursor).await?;
    let directory = &serving.directory;
    let (reply, next) = if whole {
        let OrderViews { views, next } = orders.views(&account, list).await?;
        let object = |view: &OrderView| view.order.object(context.urls(), &view.authorizations, context.now());
        let objects: Vec<OrderObject> = views.iter().map(object).collect();
        (Reply::json(StatusCode::OK, &objects), next)
    } else {
        let orders = list.orders.iter().map(|id| context.urls().order(directory, *id)).collect();
        (Reply::json(StatusCode::OK, &OrdersObject { orders }), list.next)
    };
    Ok(match next {
        Some(next) => {
            let here = context.urls().of(directory, &resource);
            reply.with_link(&format!("{here}?cursor={next}"), "next")
        }
        None => reply,
    })
}

/// The order after which the page starts. An invalid cursor is refused rather than treated as the
/// first page.
fn cursor(query: &str) -> Result<Option<OrderId>, Error> {
    let Some(value) = query.split('&').find_map(|pair| pair.strip_prefix("cursor=")) else {
        return Ok(None);
    };
    let refused = Error::Member("The cursor is none that this list gave out. Follow its Link with rel=\"next\".");
    value.parse().map(Some).map_err(|_| refused)
}

/// The part of this function that the fuzz targets use. It is built under `cfg(fuzzing)` only.
#[cfg(fuzzing)]
pub mod fuzzing {
    use acme::OrderId;

    /// The cursor of a query, if it has the format of those in the links of the lists.
    pub fn cursor(query: &str) -> Option<OrderId> {
        super::cursor(query).ok().flatten()
    }
}
