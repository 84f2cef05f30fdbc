//! Faults drawn at random, for soaks.

use std::time::Duration;

use jiff::SignedDuration;

use super::dice::Dice;
use super::fault::{Fault, RetryAfter};

/// One of every kind, each as likely as any other. None lasts longer than a few seconds but the one that
/// never answers.
pub(crate) fn fault(dice: &mut Dice) -> Fault {
    let milliseconds = |dice: &mut Dice, most| Duration::from_millis(dice.below(most).into());
    let kinds: &[fn(&mut Dice) -> Fault] = &[
        |_| Fault::unavailable(),
        |_| Fault::apigee_quota(),
        |_| Fault::too_many_requests(None),
        |dice| Fault::too_many_requests(Some(RetryAfter::Seconds(dice.below(5).into()))),
        |_| Fault::too_many_requests(Some(RetryAfter::Text("soon".to_owned()))),
        |_| Fault::token_expired(),
        |_| Fault::drop_connection(),
        |_| Fault::hang(),
        |dice| Fault::none().truncated(dice.below(400) as usize),
        |_| Fault::none().slow_body(Duration::from_millis(1)),
        |_| Fault::none().slow_head(Duration::from_millis(5)),
        |dice| Fault::none().date_offset(SignedDuration::from_secs(dice.below(90_000).into())),
        |_| Fault::json(""),
        |_| Fault::json("null"),
        |_| Fault::json(r#"{"message":"done"}"#),
        |_| Fault::json(r#"[{"pbxId":"acmecorp","inboundTotal":NaN}]"#),
        |_| Fault::instead("text/html", "<html>Sign in</html>"),
        |_| Fault::status(500, "application/json", "{}"),
        |_| Fault::status(302, "text/plain", "").header("location", "/elsewhere"),
        |_| Fault::status(502, "text/plain", "upstream"),
    ];
    let count = u32::try_from(kinds.len()).unwrap_or(0);
    let fault = kinds
        .get(dice.below(count) as usize)
        .map_or_else(Fault::none, |kind| kind(dice));
    if dice.permille(200) {
        fault.delayed(milliseconds(dice, 3000))
    } else {
        fault
    }
}
