//! What a client is told at its start.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::credentials::Credentials;

/// What a client needs to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The API's base URL.
    pub url: Url,
    /// The key, the user and the password.
    pub credentials: Credentials,
    /// The PBXs' names, or `allpbxes`.
    pub pbx_ids: Vec<String>,
    /// The longest that one request may take.
    pub timeout: Duration,
    /// A PEM file with roots to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// The budget of requests in any minute.
    pub max_requests_per_minute: u32,
    /// The wait after the first refused login.
    pub login_retry_interval: Duration,
    /// The shortest time between two requests for the same thing.
    pub interval: Duration,
    /// The header `User-Agent`, such as `program/1.0`. What no header can hold is left out.
    pub user_agent: String,
}
