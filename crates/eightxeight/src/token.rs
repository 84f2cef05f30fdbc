//! The access token: what 8x8 answers to a login, and how long it is used.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::clock::Moment;
use crate::decode::{Number, Value};

/// 8x8's documentation shows this life.
const DOCUMENTED_LIFE: Duration = Duration::from_mins(30);

/// A longer life is taken for a mistake.
const LONGEST_LIFE: Duration = Duration::from_hours(24);

/// A token is renewed this long before it expires.
const MARGIN: Duration = Duration::from_mins(1);

/// A token younger than this that is refused wasn't refused for its age, so a new login wouldn't help.
pub(crate) const FRESH_TOKEN_AGE: Duration = Duration::from_mins(1);

/// The access token.
#[derive(Debug)]
pub(crate) struct Token {
    /// The token itself.
    pub(crate) value: SecretString,
    /// The API key that it was got with, which goes with every request.
    pub(crate) key: SecretString,
    /// When it was got.
    pub(crate) issued: Moment,
    /// When it expires.
    pub(crate) expires: Moment,
    /// From when on it isn't used any more.
    pub(crate) renew: Moment,
}

#[derive(Deserialize)]
struct Answer<'a> {
    access_token: SecretString,
    #[serde(borrow, default)]
    expires_in: Value<'a>,
}

impl Token {
    /// Reads the answer to a login at `issued`.
    ///
    /// # Errors
    ///
    /// When it holds no token.
    pub(crate) fn from_answer(
        body: &[u8],
        key: SecretString,
        issued: Moment,
    ) -> Result<Token, NoToken> {
        let answer: Answer = serde_json::from_slice(body).map_err(|_| NoToken)?;
        let value = answer.access_token;
        let text = value.expose_secret();
        // It has to fit into a header. `exchange` has bounded its length.
        if text.is_empty() || !text.bytes().all(|byte| (0x21..0x7f).contains(&byte)) {
            return Err(NoToken);
        }
        let life = match answer.expires_in.number() {
            Number::Some(life) => Duration::try_from_secs_f64(life).ok(),
            Number::None | Number::Rejected => None,
        };
        let life = life
            .filter(|life| !life.is_zero() && *life <= LONGEST_LIFE)
            .unwrap_or(DOCUMENTED_LIFE);
        Ok(Token {
            value,
            key,
            issued,
            expires: issued + life,
            renew: issued + use_of(life),
        })
    }
}

/// How long a token of this life is used.
fn use_of(life: Duration) -> Duration {
    life.saturating_sub(MARGIN).max(life * 9 / 10)
}

/// The answer to a login holds no token.
#[derive(Debug, thiserror::Error)]
#[error("the answer holds no token")]
pub(crate) struct NoToken;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn life(body: &str) -> Option<Duration> {
        let now = Clock::System.now();
        let token = Token::from_answer(body.as_bytes(), "k".to_owned().into(), now).ok()?;
        Some(token.expires.since(now))
    }

    #[test]
    fn a_missing_or_absurd_life_means_what_the_documentation_shows() {
        let seconds = |n| Some(Duration::from_secs(n));
        for (given, expected) in [
            ("1800", 1800),
            ("\"900\"", 900),
            ("3", 3),
            ("null", 1800),
            ("0", 1800),
            ("-5", 1800),
            ("1e300", 1800),
            ("\"soon\"", 1800),
            ("true", 1800),
            ("[]", 1800),
            ("86401", 1800),
        ] {
            let body =
                format!(r#"{{"access_token":"t","token_type":"bearer","expires_in":{given}}}"#);
            assert_eq!(life(&body), seconds(expected), "{given}");
        }
        assert_eq!(life(r#"{"access_token":"t"}"#), seconds(1800));
    }

    #[test]
    fn an_answer_without_a_usable_token_is_none() {
        for body in [
            "",
            "{}",
            "[]",
            "<html>",
            r#"{"access_token":""}"#,
            r#"{"access_token":"a\nb"}"#,
            r#"{"access_token":5}"#,
        ] {
            assert_eq!(life(body), None, "{body}");
        }
    }

    #[test]
    fn renewed_a_minute_early_or_after_nine_tenths_of_a_short_life() {
        assert_eq!(use_of(Duration::from_mins(30)), Duration::from_mins(29));
        assert_eq!(use_of(Duration::from_secs(3)), Duration::from_millis(2700));
        assert_eq!(use_of(Duration::from_secs(100)), Duration::from_secs(90));
    }
}
