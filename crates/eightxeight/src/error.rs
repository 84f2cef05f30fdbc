//! Why there is no answer: 8x8 was asked in vain, or wasn't asked.

use std::fmt;

use crate::cause::{Cause, Names, Reason};
use crate::clock::Moment;
use crate::credentials::SecretError;
use crate::failure::Failure;

/// Why a window could not be collected.
#[derive(Clone, Debug)]
pub enum Error {
    /// 8x8 was asked, and it failed.
    Request(Failure),
    /// A secret can't be read, so 8x8 wasn't asked.
    Secrets(Vec<SecretError>),
    /// 8x8 refused these very credentials before, so it wasn't asked.
    Refused {
        /// When a login may be tried, unless a secret changes before.
        until: Moment,
        /// What 8x8 said then.
        cause: Cause,
    },
    /// A failure before this holds the whole account, so 8x8 wasn't asked.
    Held {
        /// When the hold ends.
        until: Moment,
        /// What it is for.
        cause: Cause,
    },
    /// A task of this program panicked.
    Panicked,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Request(failure) => failure.fmt(f),
            Error::Panicked => f.write_str("a task of this program panicked; its log says where"),
            Error::Secrets(errors) => {
                let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
                f.write_str(&texts.join("; "))
            }
            Error::Refused { until, cause } => {
                write!(f, "{}; no login before {:.0}", cause.meaning(), until.wall)
            }
            Error::Held { until, cause } => {
                write!(
                    f,
                    "{}; nothing is asked before {:.0}",
                    cause.meaning(),
                    until.wall
                )
            }
        }
    }
}

impl std::error::Error for Error {}

impl Error {
    /// The cause, where 8x8 or the network gave one.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Error::Request(failure) => Some(failure.cause),
            Error::Held { cause, .. } | Error::Refused { cause, .. } => Some(*cause),
            Error::Secrets(_) | Error::Panicked => None,
        }
    }

    /// What metrics count it as, where they do.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.cause().map(Cause::reason)
    }

    /// What the operator can do about it, in a program that calls its settings by these names.
    #[must_use]
    pub fn remedy(&self, names: &Names) -> String {
        let own = match self {
            Error::Secrets(_) => {
                "put the secret into the file or variable; it is read again at the next try"
            }
            Error::Panicked => "report it, with the log",
            Error::Request(Failure { cause, .. })
            | Error::Held { cause, .. }
            | Error::Refused { cause, .. } => {
                return cause.remedy(names);
            }
        };
        own.to_owned()
    }
}
