//! Why there is no answer: 8x8 was asked in vain, or wasn't asked.

use crate::cause::{Cause, Names, Reason};
use crate::clock::Moment;
use crate::credentials::{SecretError, joined};
use crate::failure::Failure;

/// Why a window could not be collected.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// 8x8 was asked, and it failed.
    #[error(transparent)]
    Request(#[from] Failure),
    /// A secret can't be read, so 8x8 wasn't asked.
    #[error("{}", joined(.0))]
    Secrets(Vec<SecretError>),
    /// A login with these very credentials was refused, now or before.
    #[error("{failure}")]
    Refused {
        /// When the next may be tried, unless a secret changes before.
        until: Moment,
        /// What the answer to the login says.
        failure: Failure,
    },
    /// A failure before this holds the whole account, so 8x8 wasn't asked.
    #[error("{}; nothing is asked before {:.0}", .cause.meaning(), .until.wall)]
    Held {
        /// When the hold ends.
        until: Moment,
        /// What it is for.
        cause: Cause,
    },
    /// A task of this program panicked.
    #[error("a task of this program panicked; its log says where")]
    Panicked,
}

impl Error {
    /// The cause, where 8x8 or the network gave one.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Error::Request(failure) | Error::Refused { failure, .. } => Some(failure.cause),
            Error::Held { cause, .. } => Some(*cause),
            Error::Secrets(_) | Error::Panicked => None,
        }
    }

    /// What metrics count it as, where they do.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Error::Request(failure) | Error::Refused { failure, .. } => Some(failure.reason()),
            _ => self.cause().map(Cause::reason),
        }
    }

    /// Before when nothing is asked, or no login tried with the same secrets.
    #[must_use]
    pub fn until(&self) -> Option<Moment> {
        match self {
            Error::Held { until, .. } | Error::Refused { until, .. } => Some(*until),
            Error::Request(_) | Error::Secrets(_) | Error::Panicked => None,
        }
    }

    /// What the operator can do about it, in a program that calls its settings by these names.
    #[must_use]
    pub fn remedy(&self, names: &Names) -> String {
        match (self, self.cause()) {
            (_, Some(cause)) => cause.remedy(names),
            (Error::Panicked, None) => "report it, with the log".to_owned(),
            (_, None) => {
                "put the secret into the file or variable; it is read again at the next try"
                    .to_owned()
            }
        }
    }
}
