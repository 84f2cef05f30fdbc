//! What is fuzzed: each function takes anything at all and panics when a promise is broken. The tests
//! run the checked-in seeds through the same functions.

use std::collections::HashMap;

use eightxeight_exporter::catalogue::Field;
use eightxeight_exporter::config::Origin;
use eightxeight_exporter::eightxeight::Endpoint;
use eightxeight_exporter::eightxeight::decode::decode;
use eightxeight_exporter::eightxeight::failure::classify;
use eightxeight_exporter::exposition::negotiate;
use eightxeight_exporter::snapshot::MOST_PBXES;
use eightxeight_exporter::window::Window;

/// An answer of 8x8's: rows are sorted, each PBX once, and all numbers are finite.
pub(crate) fn answer(input: &[u8]) {
    let Ok(answer) = decode(input) else { return };
    assert!(answer.rows.len() <= MOST_PBXES);
    assert!(answer.rows.is_sorted_by(|a, b| a.pbx_id < b.pbx_id));
    for row in &answer.rows {
        assert!(!row.pbx_id.is_empty());
        for field in Field::ALL {
            assert!(row.base(field).is_none_or(f64::is_finite));
        }
    }
}

/// An error's body; the first byte picks endpoint and status.
pub(crate) fn error_body(input: &[u8]) {
    let Some((pick, body)) = input.split_first() else {
        return;
    };
    let endpoint = Endpoint::ALL[usize::from(pick % 2)];
    let statuses = [302, 400, 401, 403, 404, 408, 418, 429, 500, 503];
    let status = statuses[usize::from(pick / 2) % statuses.len()];
    let reason = classify(endpoint, status, body);
    assert_eq!(reason, classify(endpoint, status, body));
    if status == 429 && !body.contains(&b'"') && !body.contains(&b'1') {
        assert_eq!(reason.label(), "rate_limited");
    }
}

/// `Accept`, a line end, `Accept-Encoding`. Who says nothing gets text.
pub(crate) fn accept(input: &[u8]) {
    let mut lines = input.splitn(2, |byte| *byte == b'\n');
    let accept = lines.next().unwrap_or_default();
    let variant = negotiate([accept], lines.next());
    let again = negotiate([accept], input.splitn(2, |byte| *byte == b'\n').nth(1));
    assert_eq!(variant, again);
}

/// A window: what was read is read again from its label.
pub(crate) fn window(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(window) = text.parse::<Window>() {
        let again: Window = window.label().parse().unwrap();
        assert_eq!(again.label(), window.label());
        assert_eq!(again.span(), window.span());
    }
}

/// A configuration file: all that is wrong is said in lines, none of which holds a long text of the file's.
pub(crate) fn config_file(input: &[u8]) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), input).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let origin = Origin {
        flags: HashMap::from([("config.file", vec![path])]),
        environment: |_| None,
    };
    if let Err(problems) = origin.load() {
        assert!(!problems.0.is_empty());
        assert!(problems.0.iter().all(|line| !line.contains('\n')));
        assert!(problems.0.iter().all(|line| !line.contains("hunter2")));
    }
}
