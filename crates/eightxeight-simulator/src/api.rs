//! The routes: login and report, as strict as 8x8, and the simulator's own switch of scenario.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use super::day::Pbx;
use super::fault_middleware::apply_fault;
use super::query;
use super::refusal::{Object, Refusal};
use super::requests::{COMPSUM, PREFIX, TOKEN};
use super::scenario::Scenario;
use super::shared::Shared;
use super::tally::Tally;
use super::token::bearer;
use eightxeight::fields::Field;

/// All routes, the API's both at the root and under [`PREFIX`].
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let api = Router::new()
        .route(TOKEN, post(token))
        .route(COMPSUM, get(compsum))
        .layer(middleware::from_fn_with_state(shared.clone(), apply_fault));
    Router::new()
        .nest(PREFIX, api.clone())
        .merge(api)
        .route("/simulator/scenario", get(scenario).put(set_scenario))
        .with_state(shared)
}

async fn token(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Form(mut login): Form<HashMap<String, String>>,
) -> Result<Json<Object>, Refusal> {
    let customer = shared.customer_of(&headers)?;
    let [username, password] = ["username", "password"].map(|name| login.remove(name));
    let (Some(username), Some(password)) = (username, password) else {
        return Err(Refusal::bad_form("Missing username or password"));
    };
    let now = shared.clock.now().instant;
    let result = customer.log_in(&username, &password, now);
    result.map_err(Refusal::login)?;
    let (access_token, expires_in) = shared.tokens.issue(customer.name.clone(), now);
    let granted = vec![
        ("access_token", access_token.into()),
        ("token_type", "bearer".into()),
        ("expires_in", expires_in.into()),
    ];
    Ok(Json(Object(granted)))
}

async fn compsum(State(shared): State<Arc<Shared>>, headers: HeaderMap, uri: Uri) -> Response {
    // Counting years of calls takes longer than a task may keep its thread.
    let answer = tokio::task::spawn_blocking(move || report(&shared, &headers, &uri));
    match answer.await {
        Ok(answer) => answer.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn report(shared: &Shared, headers: &HeaderMap, uri: &Uri) -> Result<Json<Vec<Object>>, Refusal> {
    let moment = shared.clock.now();
    let now = moment.wall;
    let customer = shared.customer_of(headers)?;
    let token = bearer(headers).ok_or_else(Refusal::no_token)?;
    let tokens = &shared.tokens;
    tokens.check(token, &customer.name, moment.instant)?;
    let (pbx_id, period) = query::read(uri).map_err(|message| Refusal::bad_query(&message, now))?;
    let user = || customer.credentials().username;
    if !customer.state.lock().permitted {
        return Err(Refusal::no_permission(&user(), &pbx_id));
    }
    let pbxes = customer.company.select(&pbx_id);
    let pbxes = pbxes.map_err(|unknown| Refusal::no_access(&user(), unknown, now))?;
    let tallies = shared.history().tallies(pbxes, period, now).into_iter();
    Ok(Json(tallies.map(|(pbx, tally)| row(pbx, &tally)).collect()))
}

/// A row as 8x8 writes it: the name, then the fields in the order of its documentation.
fn row(pbx: &Pbx, tally: &Tally) -> Object {
    let mut members = vec![("pbxId", (&*pbx.name).into())];
    members.extend(Field::ALL.map(|field| (field.spec().key, tally.get(field).into())));
    Object(members)
}

async fn scenario(State(shared): State<Arc<Shared>>) -> String {
    format!("{}\n", shared.scenario())
}

async fn set_scenario(State(shared): State<Arc<Shared>>, body: String) -> Response {
    match body.trim().parse::<Scenario>() {
        Ok(scenario) => {
            shared.switch(scenario);
            tracing::info!(%scenario, "the simulator's scenario was switched");
            format!("{scenario}\n").into_response()
        }
        Err(unknown) => (StatusCode::BAD_REQUEST, format!("{unknown}\n")).into_response(),
    }
}
