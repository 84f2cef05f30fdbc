//! What stands before the routes when there is a web configuration: TLS, rate limit, users, headers.
//!
//! The files are read anew for each handshake and request, once for those that come at the same time, and
//! compared with what they held before: certificates are exchanged under a running program, and times of
//! change are too coarse to tell.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use rustls::ServerConfig;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::basic_auth::{Admission, Gate};
use crate::files::{self, Files};
use crate::rate_limit::Bucket;
use crate::tls::server_config;
use crate::web_config::{self, From, Settings};

/// A web configuration in force, which follows its files.
#[derive(Debug)]
pub struct WebSecurity {
    path: PathBuf,
    current: ArcSwap<Rules>,
    reading: tokio::sync::Mutex<Reading>,
    gate: Arc<Gate>,
}

/// What holds for a connection or a request.
#[derive(Debug)]
struct Rules {
    settings: Settings,
    tls: Option<Arc<ServerConfig>>,
    bucket: Option<Arc<Bucket>>,
}

/// The last time that the files were read.
#[derive(Debug)]
struct Reading {
    begun: Instant,
    content: Arc<Content>,
}

/// What the files held, good or bad.
struct Content {
    text: Result<Zeroizing<Vec<u8>>, String>,
    named: Files,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Content")
    }
}

/// What was made of a content.
struct Made {
    settings: Settings,
    tls: Result<Option<Arc<ServerConfig>>, Vec<String>>,
}

impl WebSecurity {
    /// Reads a web configuration and all that it names.
    ///
    /// # Errors
    ///
    /// All that is wrong, each with the file, the line and the key.
    pub fn open(path: &Path) -> Result<WebSecurity, Vec<String>> {
        let located = |problems: Vec<String>| -> Vec<String> {
            // What names no file isn't shown: it might be a secret.
            let name = if path.is_file() {
                format!("{}: ", path.display())
            } else {
                String::new()
            };
            problems
                .into_iter()
                .map(|problem| format!("{name}{problem}"))
                .collect()
        };
        let (content, made) = read(path, None).ok_or_else(Vec::new)?;
        let Made { settings, tls } = made.map_err(located)?;
        let tls = tls.map_err(located)?;
        let gate = Gate::new()
            .ok_or_else(|| located(vec!["the system has no random numbers".to_owned()]))?;
        Ok(WebSecurity {
            path: path.to_owned(),
            current: ArcSwap::from_pointee(Rules {
                bucket: settings.rate_limit.map(Bucket::new).map(Arc::new),
                settings,
                tls,
            }),
            reading: tokio::sync::Mutex::new(Reading {
                begun: Instant::now(),
                content: Arc::new(content),
            }),
            gate: Arc::new(gate),
        })
    }

    /// What a user should know although it isn't wrong.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.current.load().settings.warnings.clone()
    }

    /// Whether TLS is spoken. It doesn't change while the program runs.
    #[must_use]
    pub fn speaks_tls(&self) -> bool {
        self.current.load().tls.is_some()
    }

    /// How to speak TLS with a new connection.
    pub(crate) async fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.rules().await.tls.clone()
    }

    /// Puts all routes behind it, also those that don't exist.
    pub(crate) fn guard(self: &Arc<Self>, router: Router) -> Router {
        router.layer(from_fn_with_state(self.clone(), guard))
    }

    /// The rules as the files have them now.
    async fn rules(&self) -> Arc<Rules> {
        let arrived = Instant::now();
        let mut reading = self.reading.lock().await;
        // Whoever waited while a reading began has its result.
        if reading.begun <= arrived {
            let begun = Instant::now();
            let (path, before) = (self.path.clone(), reading.content.clone());
            let read = tokio::task::spawn_blocking(move || read(&path, Some(&before))).await;
            if let Ok(Some((content, made))) = read {
                self.take(made);
                reading.content = Arc::new(content);
            }
            reading.begun = begun;
        }
        self.current.load_full()
    }

    /// Takes what is good; what is broken stays as it was.
    fn take(&self, made: Result<Made, Vec<String>>) {
        let before = self.current.load_full();
        let name = self.path.display();
        let refuse = |problems: &[String]| {
            for problem in problems {
                tracing::error!(%problem, file = %name, "the web configuration has changed and is not good; what was good before stays in force");
            }
        };
        let Made { settings, tls } = match made {
            Ok(made) => made,
            Err(problems) => return refuse(&problems),
        };
        if settings.is_empty && !before.settings.is_empty {
            // Who writes a file may empty it first; nobody shall come in through that moment.
            return refuse(&[
                "the file is empty; to serve without any protection, start anew".to_owned(),
            ]);
        }
        let tls = match (tls, &before.tls) {
            (Err(problems), _) => {
                refuse(&problems);
                before.tls.clone()
            }
            (Ok(now), then) if now.is_some() == then.is_some() => now,
            (Ok(_), then) => {
                refuse(&["TLS is turned on or off only by a new start".to_owned()]);
                then.clone()
            }
        };
        for warning in &settings.warnings {
            tracing::warn!(file = %name, "{warning}");
        }
        tracing::info!(file = %name, "web configuration loaded anew");
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

/// Reads the files and, unless they hold what they held before, makes something of them.
fn read(path: &Path, before: Option<&Content>) -> Option<(Content, Result<Made, Vec<String>>)> {
    let text = files::read(path);
    if let Some(before) = before
        && before.text == text
    {
        let named = before.named.again();
        if named == before.named {
            return None;
        }
    }
    let parsed = text
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|text| std::str::from_utf8(text).map_err(|_| "this isn't UTF-8".to_owned()))
        .map_err(|problem| vec![problem])
        .and_then(web_config::parse);
    let directory = path.parent().unwrap_or(Path::new(""));
    let named = match &parsed {
        Ok(settings) => Files::read(directory, &names(settings)),
        Err(_) => Files::default(),
    };
    let made = parsed.map(|settings| Made {
        tls: settings
            .tls
            .as_ref()
            .map(|tls| server_config(tls, &named).map(Arc::new))
            .transpose(),
        settings,
    });
    Some((Content { text, named }, made))
}

fn names(settings: &Settings) -> Vec<&Path> {
    let Some(tls) = &settings.tls else {
        return Vec::new();
    };
    [
        Some(&tls.certificate),
        Some(&tls.key),
        tls.client_ca.as_ref(),
    ]
    .into_iter()
    .flatten()
    .filter_map(|material| match &material.from {
        From::File(name) => Some(name.as_path()),
        From::Inline(_) => None,
    })
    .collect()
}

/// Lets a request through to the routes, or answers it.
async fn guard(State(security): State<Arc<WebSecurity>>, request: Request, next: Next) -> Response {
    let rules = security.rules().await;
    if let Some(bucket) = &rules.bucket
        && !bucket.take()
    {
        return (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests\n").into_response();
    }
    let users = &rules.settings.users;
    let admission = if users.0.is_empty() {
        Admission::Granted
    } else {
        security.gate.admit(users, request.headers()).await
    };
    let mut response = match admission {
        Admission::Granted => next.run(request).await,
        Admission::Refused => (
            StatusCode::UNAUTHORIZED,
            [(WWW_AUTHENTICATE, "Basic")],
            "Unauthorized\n",
        )
            .into_response(),
        Admission::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "too many logins wait to be checked\n",
        )
            .into_response(),
    };
    for (name, value) in &rules.settings.headers {
        response.headers_mut().insert(name, value.clone());
    }
    response
}
