//! The web configuration.

use exporter_toolkit::web_config::{ClientAuth, Settings, Tls, parse};

use super::{CANARY, are_lines, hides_a_value};

/// What is read fits together; all that is wrong is said in lines that begin with one's number. Neither
/// holds a value.
pub(crate) fn web_config(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    match parse(text) {
        Ok(settings) => {
            fits_together(&settings);
            are_fine(&settings.warnings);
            let shown = format!("{:?} {:?}", settings.users, settings.tls);
            assert!(
                !hides_a_value(text, &[": "]) || !shown.contains(CANARY),
                "{shown}"
            );
        }
        Err(problems) => {
            are_lines(&problems);
            are_fine(&problems);
            assert_eq!(parse(text).unwrap_err(), problems);
            let shown = problems.concat();
            assert!(
                !hides_a_value(text, &[": "]) || !shown.contains(CANARY),
                "{shown}"
            );
        }
    }
}

fn are_fine(lines: &[String]) {
    for line in lines {
        let number = line
            .strip_prefix("line ")
            .and_then(|rest| rest.split([',', ':']).next());
        let numbered = number.is_some_and(|number| number.parse::<u64>().is_ok());
        assert!(numbered || line == "invalid YAML", "{line:?}");
    }
}

fn fits_together(settings: &Settings) {
    let has_users = format!("{:?}", settings.users) != "Users(0)";
    let says = settings.tls.is_some() || !settings.headers.is_empty() || has_users;
    assert!(!settings.is_empty || !says && settings.rate_limit.is_none());
    if let Some(limit) = settings.rate_limit {
        assert!(!limit.interval.is_zero() && limit.burst > 0);
    }
    let Some(tls) = &settings.tls else { return };
    let Tls {
        client_auth,
        client_ca,
        client_allowed_sans,
        versions,
        suites,
        groups,
        ..
    } = tls;
    let verifies = matches!(
        client_auth,
        ClientAuth::VerifyIfGiven | ClientAuth::RequireAndVerify
    );
    assert!(!verifies || client_ca.is_some());
    assert!(client_ca.is_none() || *client_auth != ClientAuth::None);
    assert!(client_allowed_sans.is_empty() || *client_auth == ClientAuth::RequireAndVerify);
    assert!(!versions.is_empty() && !suites.is_empty() && !groups.is_empty());
    for suite in suites {
        let own = suite.version().version;
        assert!(
            versions.iter().any(|version| version.version == own),
            "{suite:?}"
        );
    }
}
