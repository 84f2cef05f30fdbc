//! Secrets: read from a file or the environment each time they are needed, and never printed.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::files;

/// Longer than any key or password: it stops somebody who names the wrong file.
const LONGEST: u64 = 64 * 1024;

/// The same place, whoever named it. Texts are compared to tell whether a configuration has changed.
impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        match (&self.place, &other.place) {
            (Place::File(a), Place::File(b)) => a == b,
            (Place::Text(a), Place::Text(b)) => a.expose_secret() == b.expose_secret(),
            _ => false,
        }
    }
}

/// Where a secret comes from. Its `Debug` shows no path: people paste secrets where paths belong.
#[derive(Clone)]
pub struct Source {
    /// How the user named it: an option or a variable.
    origin: String,
    place: Place,
}

#[derive(Clone)]
enum Place {
    File(PathBuf),
    Text(SecretString),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Source({})", self.origin)
    }
}

/// Why there is no secret. No variant holds the text, nor the name of a file, which might be the secret itself.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum SecretError {
    /// The file can't be read.
    #[error(
        "{origin}: can't read the file that it names: {what}; its name isn't shown, it might be the secret itself"
    )]
    Unreadable {
        /// Option or variable.
        origin: String,
        /// What the system said, and of which directory.
        what: String,
    },
    /// There is nothing in it.
    #[error("{origin}: the secret is empty")]
    Empty {
        /// Option or variable.
        origin: String,
    },
    /// It can't be a secret of 8x8's.
    #[error("{origin}: {why}")]
    Unusable {
        /// Option or variable.
        origin: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The files didn't come in time: a disk or a network file system hangs.
    #[error("the files that hold the secrets can't be read: their file system doesn't answer")]
    Hanging,
}

/// All that is wrong, in one line.
pub(crate) fn joined(errors: &[SecretError]) -> String {
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// What the system said, and of which directory: the one that is named or, if that isn't there, the nearest above it.
fn describe(kind: io::ErrorKind, path: &Path) -> String {
    let is_there = |directory: &&Path| directory.as_os_str().is_empty() || directory.is_dir();
    let nearest = path.ancestors().skip(1).find(is_there);
    let place = match nearest.filter(|directory| !directory.as_os_str().is_empty()) {
        Some(directory) => directory.display().to_string(),
        None => "the working directory".to_owned(),
    };
    let what = match kind {
        io::ErrorKind::NotFound if nearest != path.parent() => {
            return format!("there is no such file, nor its directory below {place}");
        }
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        io::ErrorKind::InvalidInput => "it is no regular file".to_owned(),
        kind => kind.to_string(),
    };
    format!("{what} in {place}")
}

impl Source {
    /// A secret in a file, read again each time.
    #[must_use]
    pub fn file(origin: impl Into<String>, path: impl Into<PathBuf>) -> Source {
        Source {
            origin: origin.into(),
            place: Place::File(path.into()),
        }
    }

    /// A secret that is known already.
    #[must_use]
    pub fn text(origin: impl Into<String>, text: impl Into<String>) -> Source {
        Source {
            origin: origin.into(),
            place: Place::Text(text.into().into()),
        }
    }

    /// The option or variable that named it.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The secret as it is now, without a trailing line end.
    ///
    /// # Errors
    ///
    /// When it can't be read, is empty, or holds what no secret of 8x8's holds.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        let text = match &self.place {
            Place::File(path) => {
                let bytes =
                    files::read(path, LONGEST + 1).map_err(|error| SecretError::Unreadable {
                        origin: self.origin.clone(),
                        what: describe(error.kind(), path),
                    })?;
                if bytes.len() as u64 > LONGEST {
                    return Err(
                        self.unusable("the file is larger than 64 KiB, so it holds no secret")
                    );
                }
                let text = std::str::from_utf8(&bytes)
                    .map_err(|_| self.unusable("the secret isn't UTF-8 text: save it as UTF-8"))?;
                SecretString::from(bare(text).to_owned())
            }
            Place::Text(text) => SecretString::from(bare(text.expose_secret()).to_owned()),
        };
        match text.expose_secret() {
            blank if blank.trim().is_empty() => Err(SecretError::Empty {
                origin: self.origin.clone(),
            }),
            secret if secret.contains(['\0', '\n', '\r']) => {
                Err(self.unusable("the secret holds more than one line"))
            }
            _ => Ok(text),
        }
    }

    /// Whether the secret begins or ends with a blank. Reads it: not for a thread that must not wait.
    #[must_use]
    pub fn is_padded(&self) -> bool {
        self.read().is_ok_and(|secret| is_padded(&secret))
    }

    fn unusable(&self, why: &'static str) -> SecretError {
        SecretError::Unusable {
            origin: self.origin.clone(),
            why,
        }
    }
}

/// Without a byte order mark, which some editors and shells write before a text, and without a line end.
fn bare(text: &str) -> &str {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

fn is_padded(secret: &SecretString) -> bool {
    let text = secret.expose_secret();
    text.trim() != text
}

/// A secret that is never quoted, as a password might be.
fn unquoted(source: &Source) -> Result<SecretString, SecretError> {
    let secret = source.read()?;
    if is_quoted(secret.expose_secret()) {
        return Err(source.unusable(
            "it has quotation marks around it, which `docker run --env-file` does not remove: leave them out",
        ));
    }
    Ok(secret)
}

/// Whether the text is quoted, with marks that a shell would remove.
#[must_use]
pub fn is_quoted(text: &str) -> bool {
    ['"', '\''].iter().any(|&mark| {
        text.strip_prefix(mark)
            .is_some_and(|rest| rest.ends_with(mark))
    })
}

/// The three secrets of an account.
#[derive(Clone, Debug, PartialEq)]
pub struct Credentials {
    /// The API key. 8x8 Admin Console calls it "Key"; its "Secret" isn't needed.
    pub key: Source,
    /// The name of a user with access to Work Analytics.
    pub username: Source,
    /// That user's password.
    pub password: Source,
}

/// The three as they were when they were read.
pub struct Secrets {
    /// The API key.
    pub key: SecretString,
    /// The user's name.
    pub username: SecretString,
    /// The password.
    pub password: SecretString,
}

impl Credentials {
    /// Reads all three.
    ///
    /// # Errors
    ///
    /// All that is wrong with them.
    pub fn read(&self) -> Result<Secrets, Vec<SecretError>> {
        let key = unquoted(&self.key).and_then(|key| {
            let printable = key
                .expose_secret()
                .bytes()
                .all(|byte| (0x21..0x7f).contains(&byte));
            if printable {
                Ok(key)
            } else {
                Err(self
                    .key
                    .unusable("an API key has no spaces and only ASCII characters"))
            }
        });
        let username = match unquoted(&self.username) {
            Ok(username) if is_padded(&username) => Err(self
                .username
                .unusable("the user name begins or ends with a space: remove it")),
            username => username,
        };
        match (key, username, self.password.read()) {
            (Ok(key), Ok(username), Ok(password)) => Ok(Secrets {
                key,
                username,
                password,
            }),
            (key, username, password) => Err([key.err(), username.err(), password.err()]
                .into_iter()
                .flatten()
                .collect()),
        }
    }
}

/// Reads secrets off the runtime.
pub(crate) struct SecretReader {
    credentials: Credentials,
    /// The read that is under way. It is kept when it takes too long, so that a file system that hangs holds one thread.
    reading: tokio::sync::Mutex<Option<Reading>>,
}

type Reading = JoinHandle<Result<Secrets, Vec<SecretError>>>;

impl SecretReader {
    pub(crate) fn new(credentials: Credentials) -> SecretReader {
        SecretReader {
            credentials,
            reading: tokio::sync::Mutex::default(),
        }
    }

    /// The secrets as they are now.
    pub(crate) async fn read(&self, longest: Duration) -> Result<Secrets, Vec<SecretError>> {
        let mut reading = self.reading.lock().await;
        let task = reading.get_or_insert_with(|| {
            let credentials = self.credentials.clone();
            tokio::task::spawn_blocking(move || credentials.read())
        });
        let Ok(read) = timeout(longest, task).await else {
            return Err(vec![SecretError::Hanging]);
        };
        *reading = None;
        read.unwrap_or_else(|_| Err(vec![SecretError::Hanging]))
    }
}

impl Secrets {
    /// A number that is the same for the same secrets and tells nothing about them: `keys` are random and never leave the
    /// process. Each field is hashed with its length, so that moving a character from one to the next is a change.
    #[must_use]
    pub fn fingerprint(&self, keys: &RandomState) -> u64 {
        keys.hash_one([&self.key, &self.username, &self.password].map(ExposeSecret::expose_secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_file(content: &[u8]) -> Result<String, SecretError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, content).unwrap();
        Source::file("--api.key-file", path)
            .read()
            .map(|text| text.expose_secret().to_owned())
    }

    #[test]
    fn a_byte_order_mark_and_one_trailing_line_end_are_ignored() {
        for content in ["a b", "a b\n", "a b\r\n", "\u{feff}a b\r\n"] {
            assert_eq!(in_file(content.as_bytes()).unwrap(), "a b");
        }
        assert!(in_file(b"a\n\n").is_err());
        assert!(matches!(in_file(b"\n"), Err(SecretError::Empty { .. })));
        assert!(matches!(in_file(b""), Err(SecretError::Empty { .. })));
        assert!(in_file(b"\xff").is_err());
        // UTF-16, as an older PowerShell writes it.
        assert!(in_file(b"\xff\xfea\0").is_err());
        assert!(matches!(
            in_file(b"\xef\xbb\xbf\n"),
            Err(SecretError::Empty { .. })
        ));
        assert!(in_file("a".repeat(70_000).as_bytes()).is_err());
    }

    #[test]
    fn quotation_marks_around_key_and_name_are_refused_without_showing_them() {
        let read = |key: &str, username: &str, password: &str| {
            let credentials = Credentials {
                key: Source::text("EIGHTXEIGHT_API_KEY", key),
                username: Source::text("--api.username", username),
                password: Source::text("EIGHTXEIGHT_API_PASSWORD", password),
            };
            let errors = credentials.read().err().unwrap_or_default();
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(read("k3y", "o'neil@example.org", "\"hunter2\""), [""; 0]);
        let errors = read("\"k3y\"", "'o@example.org'", "p");
        assert_eq!(errors.len(), 2, "{errors:?}");
        for (error, origin) in errors
            .iter()
            .zip(["EIGHTXEIGHT_API_KEY: ", "--api.username: "])
        {
            assert!(error.starts_with(origin), "{error}");
            assert!(error.contains("quotation marks"), "{error}");
            assert!(!error.contains("k3y") && !error.contains("o@"), "{error}");
        }
    }

    #[test]
    fn a_secret_in_place_of_a_path_is_not_shown() {
        let source = Source::file("--api.password-file", "hunter2");
        let error = source.read().unwrap_err();
        assert!(!format!("{source:?} {error} {error:?}").contains("hunter2"));
        assert!(
            error.to_string().contains("there is no such file"),
            "{error}"
        );
    }

    #[test]
    fn the_fingerprint_tells_fields_apart() {
        let of = |key: &str, username: &str| Secrets {
            key: key.to_owned().into(),
            username: username.to_owned().into(),
            password: "p".to_owned().into(),
        };
        let keys = RandomState::new();
        assert_eq!(
            of("ab", "c").fingerprint(&keys),
            of("ab", "c").fingerprint(&keys)
        );
        assert_ne!(
            of("ab", "c").fingerprint(&keys),
            of("a", "bc").fingerprint(&keys)
        );
    }
}
