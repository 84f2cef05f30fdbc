//! A web configuration in force: TLS for connections; rate limit, users and headers for requests.
//!
//! Each handshake and request reads the files again, once for all that arrive at the same time, and compares
//! their content with the last one: certificates are replaced while the program runs, and modification times
//! are too coarse to show it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use rustls::ServerConfig;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::basic_auth::{BasicAuth, Busy};
use crate::files::Files;
use crate::rate_limit::Bucket;
use crate::tls::server_config;
use crate::web_config::{self, Settings};

/// Longer than reading takes where the file system answers.
const LONGEST_READING: Duration = Duration::from_secs(1);

/// A web configuration in force, which follows its files.
pub struct WebSecurity {
    path: PathBuf,
    current: ArcSwap<Rules>,
    reading: tokio::sync::Mutex<Reading>,
    basic_auth: BasicAuth,
}

impl fmt::Debug for WebSecurity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebSecurity")
    }
}

/// The settings that apply to a new connection or request.
struct Rules {
    settings: Settings,
    /// Of an earlier content while the present certificates are invalid.
    tls: Option<Arc<ServerConfig>>,
    bucket: Option<Arc<Bucket>>,
}

/// The last reading of the files, valid or not.
struct Reading {
    begun: Instant,
    files: Arc<Files>,
    /// The one under way and when it began. It is kept when it takes too long, so that a file system that hangs holds one thread.
    next: Option<(Instant, JoinHandle<Option<Read>>)>,
    /// Whether the log has told that it takes too long.
    has_hung: bool,
}

type Read = (Files, Result<Made, Vec<String>>);

/// The settings that the files contain. Certificates can be invalid on their own.
struct Made {
    settings: Settings,
    tls: Result<Option<Arc<ServerConfig>>, Vec<String>>,
}

impl WebSecurity {
    /// Reads a web configuration and the files that it names.
    ///
    /// # Errors
    ///
    /// All problems, each with the file, the line and the key.
    pub fn open(path: &Path) -> Result<WebSecurity, Vec<String>> {
        let begun = Instant::now();
        let (files, made) = read(path);
        let opened = made.and_then(|made| Ok((made.settings, made.tls?, BasicAuth::new()?)));
        let (settings, tls, basic_auth) = opened.map_err(|mut problems| {
            // What names no file isn't shown: it might be a secret.
            if path.is_file() {
                let locate =
                    |problem: &mut String| *problem = format!("{}: {problem}", path.display());
                problems.iter_mut().for_each(locate);
            }
            problems
        })?;
        Ok(WebSecurity {
            path: path.to_owned(),
            current: ArcSwap::from_pointee(Rules {
                bucket: settings.rate_limit.map(Bucket::new).map(Arc::new),
                settings,
                tls,
            }),
            reading: tokio::sync::Mutex::new(Reading {
                begun,
                files: Arc::new(files),
                next: None,
                has_hung: false,
            }),
            basic_auth,
        })
    }

    /// Warnings about settings that are valid but not fully supported.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.current.load().settings.warnings.clone()
    }

    /// Whether connections use TLS. This doesn't change while the program runs.
    #[must_use]
    pub fn speaks_tls(&self) -> bool {
        self.current.load().tls.is_some()
    }

    /// The TLS configuration for a new connection; `None` for plain HTTP.
    pub(crate) async fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.rules().await.tls.clone()
    }

    /// Applies the rules to all routes and to unknown paths.
    pub(crate) fn guard(self: &Arc<Self>, router: Router) -> Router {
        router.layer(from_fn_with_state(self.clone(), guard))
    }

    /// The rules, after reading the files again if they can be read.
    async fn rules(&self) -> Arc<Rules> {
        let arrived = Instant::now();
        let mut reading = self.reading.lock().await;
        // Requests that waited while a reading began use its result.
        while reading.begun < arrived {
            let Reading {
                files,
                next,
                has_hung,
                ..
            } = &mut *reading;
            let (begun, task) = next.get_or_insert_with(|| {
                let (path, before) = (self.path.clone(), files.clone());
                let read = move || (!before.are_current()).then(|| read(&path));
                (Instant::now(), tokio::task::spawn_blocking(read))
            });
            let begun = *begun;
            let Ok(read) = timeout_at(begun + LONGEST_READING, task).await else {
                if !std::mem::replace(has_hung, true) {
                    tracing::warn!(file = %self.path.display(), "can't read the web configuration: the file system doesn't answer; what it said before stays in force");
                }
                break;
            };
            *has_hung = false;
            reading.next = None;
            reading.begun = begun;
            if let Ok(Some((files, made))) = read {
                self.take(made);
                reading.files = Arc::new(files);
            }
        }
        self.current.load_full()
    }

    /// Puts a new content in force. What is invalid in it is logged and leaves the old rules unchanged.
    fn take(&self, made: Result<Made, Vec<String>>) {
        let before = self.current.load_full();
        let name = self.path.display();
        let accepted = made.and_then(|made| {
            let lost = lost_protection(&before, &made.settings);
            if lost.is_empty() { Ok(made) } else { Err(lost) }
        });
        let Made { settings, tls } = match accepted {
            Ok(made) => made,
            Err(problems) => {
                for problem in problems {
                    tracing::error!(%problem, file = %name, "the new web configuration is rejected; the previous one stays in force");
                }
                return;
            }
        };
        let turned = "turning TLS on or off needs a restart".to_owned();
        let then = before.tls.clone();
        let (tls, problems) = match tls {
            Err(problems) => (then, problems),
            Ok(now) if now.is_some() != then.is_some() => (then, vec![turned]),
            Ok(now) => (now, Vec::new()),
        };
        for problem in &problems {
            tracing::error!(%problem, file = %name, "TLS stays as it was; all else of the new web configuration is in force");
        }
        for warning in &settings.warnings {
            tracing::warn!(file = %name, "{warning}");
        }
        if problems.is_empty() {
            tracing::info!(file = %name, "web configuration reloaded");
        }
        let bucket = match (&before.bucket, settings.rate_limit) {
            (Some(bucket), Some(limit)) if bucket.limit == limit => Some(bucket.clone()),
            (_, limit) => limit.map(Bucket::new).map(Arc::new),
        };
        self.current.store(Arc::new(Rules {
            settings,
            tls,
            bucket,
        }));
    }
}

/// What a new content no longer asks of clients. Only a restart takes such a protection away: the file may have
/// been read half written.
fn lost_protection(before: &Rules, now: &Settings) -> Vec<String> {
    if now.is_empty && !before.settings.is_empty {
        // Some editors empty a file before they write it; that moment must not let anybody in.
        return vec!["the file is empty; restart to serve without any protection".to_owned()];
    }
    let mut lost = Vec::new();
    // TLS that waits for a restart protects nothing yet.
    let tls = before.settings.tls.as_ref();
    let tls = tls.filter(|_| before.tls.is_some());
    if !before.settings.users.0.is_empty() && now.users.0.is_empty() {
        lost.push("basic_auth_users has no users any more; restart to serve without passwords");
    }
    if let (Some(before), Some(now)) = (tls, &now.tls) {
        let (then, auth) = (before.client_auth, now.client_auth);
        if then.requires() && !auth.requires() || then.verifies() && !auth.verifies() {
            lost.push("tls_server_config asks less of client certificates; restart to allow that");
        }
        if !before.client_allowed_sans.is_empty() && now.client_allowed_sans.is_empty() {
            lost.push(
                "tls_server_config.client_allowed_sans has no names any more; restart to allow any",
            );
        }
    } else if tls.is_some() {
        lost.push("tls_server_config is missing; turning TLS on or off needs a restart");
    }
    lost.into_iter().map(str::to_owned).collect()
}

/// Reads the files and parses them.
fn read(path: &Path) -> Read {
    let mut files = Files::of(path.parent().unwrap_or(Path::new("")));
    let name = path.file_name().unwrap_or_default();
    let text = files.get(name.as_ref());
    let parsed = text
        .and_then(|text| str::from_utf8(text).map_err(|_| "this isn't UTF-8".to_owned()))
        .map_err(|problem| vec![problem])
        .and_then(web_config::parse);
    let made = parsed.map(|settings| {
        let tls = settings.tls.as_ref();
        let config = tls.map(|tls| server_config(tls, &mut files).map(Arc::new));
        let tls = config.transpose();
        Made { settings, tls }
    });
    (files, made)
}

/// The address that a request comes from, as the [`Server`](crate::Server) notes it.
fn client(request: &Request) -> IpAddr {
    let known = request.extensions().get();
    known.copied().unwrap_or(Ipv6Addr::UNSPECIFIED.into())
}

/// Passes a request on to the routes, or rejects it.
async fn guard(State(security): State<Arc<WebSecurity>>, request: Request, next: Next) -> Response {
    let rules = security.rules().await;
    if let Some(bucket) = &rules.bucket
        && !bucket.take()
    {
        return (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests\n").into_response();
    }
    let users = &rules.settings.users;
    let authenticated = if users.0.is_empty() {
        Ok(true)
    } else {
        let from = client(&request);
        let auth = &security.basic_auth;
        auth.authenticate(users, request.headers(), from).await
    };
    let mut response = match authenticated {
        Ok(true) => next.run(request).await,
        Ok(false) => (
            StatusCode::UNAUTHORIZED,
            [(WWW_AUTHENTICATE, "Basic")],
            "Unauthorized\n",
        )
            .into_response(),
        Err(Busy) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "too many logins are waiting to be checked\n",
        )
            .into_response(),
    };
    for (name, value) in &rules.settings.headers {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

#[cfg(test)]
mod tests;
