//! Error answers.

use eightxeight::{Cause, Endpoint, Error, Failure, Names, Reason};
use serde_json::{Value, json};

const STATUSES: [u16; 13] = [
    200, 302, 400, 401, 403, 404, 407, 408, 418, 429, 500, 502, 503,
];

/// A body that says anything beyond its status holds one of these.
const KNOWN: [&str; 9] = [
    "105-400-038",
    "SHA001",
    "invalid_grant",
    "invalid_token",
    "ratelimit",
    "rate limit",
    "quota",
    "throttl",
    // OAuth's, and all of its codes.
    "error",
];

/// The first byte picks endpoint and status, the rest is the body.
pub(crate) fn error_body(input: &[u8]) {
    let Some((pick, body)) = input.split_first() else {
        return;
    };
    let endpoint = Endpoint::ALL[usize::from(pick % 2)];
    let status = STATUSES[usize::from(pick / 2) % STATUSES.len()];
    let failure = Failure::of_answer(endpoint, status, body, None);
    assert_eq!(failure, Failure::of_answer(endpoint, status, body, None));
    says_nothing_of_it(&failure);

    let holds = |word: &str| {
        body.to_ascii_lowercase()
            .windows(word.len())
            .any(|part| part == word.to_ascii_lowercase().as_bytes())
    };
    // An escape can write any of them.
    if !KNOWN.iter().any(|word| holds(word)) && !holds("\\u") {
        let reason = failure.reason();
        assert_eq!(reason, documented(endpoint, status), "nothing known");
    }
    is_a_no_to_a_login_alone(&failure, holds("error") || holds("\\u"));
    stays_known_beside(body);
}

/// What the status alone means.
fn documented(endpoint: Endpoint, status: u16) -> Reason {
    match (status, endpoint) {
        (401, Endpoint::Token) => Reason::BadCredentials,
        (401, Endpoint::Compsum) => Reason::Unauthorized,
        (400, _) => Reason::BadRequest,
        (403, _) => Reason::Forbidden,
        (408, _) => Reason::Timeout,
        (429, _) => Reason::RateLimited,
        (500 | 502 | 503, _) => Reason::ServerError,
        (200, _) => Reason::Decode,
        _ => Reason::Other,
    }
}

/// All that is shown of a failure is made of words that were there before the answer.
fn says_nothing_of_it(failure: &Failure) {
    let status = failure.status.unwrap_or_default();
    let [noun, label] = [failure.endpoint.noun(), failure.endpoint.label()];
    let shown = Error::Request(failure.clone()).to_string();
    let own = Cause::all().map(|cause| format!("{} ({noun}, HTTP {status})", cause.meaning()));
    assert!(own.into_iter().any(|own| own == shown), "{shown}");
    let names = Names::default();
    let mut remedies = Cause::all().map(|cause| cause.remedy(&names));
    assert!(remedies.any(|remedy| remedy == failure.cause.remedy(&names)));
    // `Debug` as a struct without the body would write it, names and numbers alone.
    let capital = format!("{}{}", label[..1].to_uppercase(), &label[1..]);
    let debug = format!("{failure:?}");
    let mut own = Cause::all().map(|cause| format!("Failure {{ endpoint: {capital}, cause: {cause:?}, status: Some({status}), retry_after: None }}"));
    assert!(own.any(|own| own == debug), "{debug}");
}

/// A login is refused by any 4xx that doesn't say "later", and by an error in its body; nothing else ever is.
fn is_a_no_to_a_login_alone(failure: &Failure, holds_error: bool) {
    let status = failure.status.unwrap_or_default();
    if failure.endpoint != Endpoint::Token || [408, 429].contains(&status) {
        assert!(!failure.is_refusal() || status == 408, "{status}");
    } else if (400..500).contains(&status) {
        let later = [Reason::RateLimited, Reason::ServerError].contains(&failure.reason());
        assert!(failure.is_refusal() || later, "{status}");
    } else {
        let known = [
            Reason::BadApiKey,
            Reason::BadCredentials,
            Reason::NoPermission,
        ];
        let says_so = known.contains(&failure.reason()) || holds_error;
        assert!(!failure.is_refusal() || says_so, "{status}");
    }
    if status == 429 {
        assert_eq!(failure.reason(), Reason::RateLimited);
    }
}

/// What 8x8 documents is recognised whatever stands beside it.
fn stays_known_beside(body: &[u8]) {
    let text = String::from_utf8_lossy(body);
    let beside: Value = serde_json::from_slice(body).unwrap_or_else(|_| json!(text));
    for (status, known, reason) in [
        (
            400,
            json!({"status": 400, "message": beside, "code": "SHA001", "details": [beside]}),
            Reason::BadApiKey,
        ),
        (
            400,
            json!({"error": "invalid_grant", "error_description": beside}),
            Reason::BadCredentials,
        ),
        (
            401,
            json!({"error": "invalid_token", "error_description": beside}),
            Reason::Unauthorized,
        ),
        (
            500,
            json!({"fault": {"faultstring": beside, "detail": {"errorcode": "policies.ratelimit.x"}}}),
            Reason::RateLimited,
        ),
        (
            400,
            json!({"code": "105-400-038", "message": beside}),
            Reason::NoPermission,
        ),
    ] {
        let known = known.to_string();
        let failure = Failure::of_answer(Endpoint::Compsum, status, known.as_bytes(), None);
        let permission = known.contains("105-400-038");
        let expected = if permission {
            Reason::NoPermission
        } else {
            reason
        };
        assert_eq!(failure.reason(), expected, "{known}");
    }
}
