//! What a simulator is like.

use super::accounts::{Credentials, Customer};
use super::company::Company;
use super::scenario::Scenario;
use eightxeight::clock::Clock;

/// What a simulator is like.
#[must_use]
#[derive(Debug)]
pub struct Settings {
    /// What time it is.
    pub clock: Clock,
    /// The scenario that it starts with.
    pub scenario: Scenario,
    /// The customers, at least one.
    pub customers: Vec<Customer>,
}

/// The demo's calls are the same for everyone.
const SEED: u64 = 8;

impl Settings {
    /// The demo's company as the only customer, on a free loopback port, on a calm day.
    pub fn new(credentials: Credentials) -> Settings {
        Settings::with_customers(vec![Customer::new(
            "acme",
            credentials,
            Company::acme(SEED),
        )])
    }

    /// These customers, on a free loopback port, on a calm day.
    pub fn with_customers(customers: Vec<Customer>) -> Settings {
        Settings {
            clock: Clock::System,
            scenario: Scenario::Calm,
            customers,
        }
    }

    /// `count` customers with `pbxes` small PBXs each, for load. The first is `account-0001` with the key
    /// `key-0001`, the user `user-0001@example.com` and the password `password-0001`.
    pub fn many(count: usize, pbxes: usize) -> Settings {
        let customer = |(number, seed)| {
            let credentials = Credentials {
                api_key: format!("key-{number:04}"),
                username: format!("user-{number:04}@example.com"),
                password: format!("password-{number:04}"),
            };
            let company = Company::synthetic(pbxes, seed);
            Customer::new(&format!("account-{number:04}"), credentials, company)
        };
        Settings::with_customers((1..=count).zip(SEED..).map(customer).collect())
    }
}
