//! What a simulator is like.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::accounts::{Account, Credentials, Lockout};
use super::company::Company;
use super::scenario::Scenario;
use super::token;
use eightxeight::clock::Clock;

/// What a simulator is like.
#[must_use]
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens; port 0 picks a free one.
    pub listen: SocketAddr,
    /// What time it is.
    pub clock: Clock,
    /// The scenario that it starts with.
    pub scenario: Scenario,
    /// How long a token lives.
    pub token_life: Duration,
    /// What bad passwords lead to.
    pub lockout: Option<Lockout>,
    /// Whether a PBX without calls is absent from an answer. Which of the two 8x8 does is unknown.
    pub omit_idle: bool,
    /// The customers, at least one.
    pub accounts: Vec<Account>,
}

/// The demo's calls are the same for everyone.
const SEED: u64 = 8;

impl Settings {
    /// The demo's company as the only customer, on a free loopback port, on a calm day.
    pub fn new(credentials: Credentials) -> Settings {
        Settings::with_accounts(vec![Account {
            name: "acme".to_owned(),
            credentials,
            permitted: true,
            company: Company::acme(SEED),
        }])
    }

    /// These customers, on a free loopback port, on a calm day.
    pub fn with_accounts(accounts: Vec<Account>) -> Settings {
        Settings {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            clock: Clock::System,
            scenario: Scenario::Calm,
            token_life: token::LIFE,
            lockout: None,
            omit_idle: false,
            accounts,
        }
    }

    /// `count` customers with `pbxes` small PBXs each, for load. The first is `account-0001` with the key
    /// `key-0001`, the user `user-0001@example.com` and the password `password-0001`.
    pub fn many(count: usize, pbxes: usize) -> Settings {
        let account = |(number, seed)| Account {
            name: format!("account-{number:04}"),
            credentials: Credentials {
                api_key: format!("key-{number:04}"),
                username: format!("user-{number:04}@example.com"),
                password: format!("password-{number:04}"),
            },
            permitted: true,
            company: Company::synthetic(pbxes, seed),
        };
        Settings::with_accounts((1..=count).zip(SEED..).map(account).collect())
    }
}
