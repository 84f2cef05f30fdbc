//! What a server asks to wait.

use std::time::Duration;

use eightxeight::retry_after::parse;
use jiff::Timestamp;

/// The value of a header, read at a time that lies in the middle of all that the seeds name.
pub(crate) fn retry_after(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let now: Timestamp = "2026-03-03T12:00:00Z".parse().unwrap();
    let wait = parse(text, now);
    assert_eq!(wait, parse(text, now));
    assert_eq!(wait, parse(&format!(" {text} "), now), "blanks around it");
    if !text.contains(|letter: char| letter.is_ascii_digit()) {
        assert_eq!(wait, None, "no digit, no time");
    }
    // A plain number of seconds is that, and the same with a fraction of none.
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain && text.len() < 10 {
        let seconds = Duration::from_secs(text.parse().unwrap());
        for form in [
            text.to_owned(),
            format!("{text}.0"),
            format!("0, {text}"),
            format!("{text}s"),
        ] {
            assert_eq!(parse(&form, now), Some(seconds), "{form}");
        }
    }
    // Whatever comes later is no shorter wait.
    let later = parse(text, now - Duration::from_mins(1));
    assert!(later >= wait, "{later:?} {wait:?}");
}
