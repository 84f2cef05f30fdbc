//! Why a request failed: a [`Cause`] tells people, a [`Reason`] is one of the few kinds that metrics count.

/// What metrics call the causes of a failed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the labels name them, the causes explain them")]
pub enum Reason {
    BadApiKey,
    BadCredentials,
    Unauthorized,
    Forbidden,
    NoPermission,
    RateLimited,
    BadRequest,
    ServerError,
    Timeout,
    Connect,
    Tls,
    TooLarge,
    Decode,
    Other,
}

impl Reason {
    /// The value of the label `reason`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Reason::BadApiKey => "bad_api_key",
            Reason::BadCredentials => "bad_credentials",
            Reason::Unauthorized => "unauthorized",
            Reason::Forbidden => "forbidden",
            Reason::NoPermission => "no_permission",
            Reason::RateLimited => "rate_limited",
            Reason::BadRequest => "bad_request",
            Reason::ServerError => "server_error",
            Reason::Timeout => "timeout",
            Reason::Connect => "connect",
            Reason::Tls => "tls",
            Reason::TooLarge => "too_large",
            Reason::Decode => "decode",
            Reason::Other => "other",
        }
    }
}

/// Why a request failed, as closely as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "`Cause::meaning` says in words what each is")]
pub enum Cause {
    BadApiKey,
    BadCredentials,
    UnknownUser,
    LockedUser,
    UnknownRefusal,
    ForeignRefusal,
    NoLogin,
    Unauthorized,
    Forbidden,
    NoPermission,
    RateLimited,
    BadRequest,
    TimeZone,
    LongQuery,
    ServerError,
    Timeout,
    NoConnection,
    Connect,
    UnknownName,
    Refused,
    Unreachable,
    ClosedEarly,
    Closed,
    ProxyUnreachable,
    ProxyRefused,
    ProxyCredentials,
    Tls,
    UnknownIssuer,
    BadSignature,
    WeakCertificate,
    UnsuitableCertificate,
    Expired,
    NotYetValid,
    WrongName,
    NoTls,
    NoCommonTls,
    TooLarge,
    Decode,
    NoRows,
    BadHead,
    /// Stays the last one: the table is as long as its number says.
    Other,
}

/// A cause, its reason, what happened as the end of a sentence, and a remedy with placeholders for [`Names`].
struct Words(Cause, Reason, &'static str, &'static str);

#[rustfmt::skip]
static TABLE: [Words; Cause::Other as usize + 1] = [
    Words(Cause::BadApiKey, Reason::BadApiKey, "8x8 doesn't know the API key",
        "check the key in 8x8 Admin Console under API Keys, where it is the Key and not the Secret, and the file or variable that holds it"),
    Words(Cause::BadCredentials, Reason::BadCredentials, "8x8 refused the user name or the password",
        "check both by logging in to 8x8 Analytics for Work in a browser, once: 8x8 locks a user for some minutes after a few bad logins; a password can also have expired"),
    Words(Cause::UnknownUser, Reason::BadCredentials, "there is no such user, or the password is wrong",
        "check {username} against the users in 8x8 Admin Console: it is what this user types to log in to 8x8's web pages; then the password, by logging in there, once"),
    Words(Cause::LockedUser, Reason::BadCredentials, "8x8 has locked the user",
        "wait some minutes, or have it unlocked in 8x8 Admin Console; then check the password by logging in to 8x8 Analytics for Work in a browser, once"),
    Words(Cause::UnknownRefusal, Reason::Other, "8x8 refused the login in a way that it doesn't document",
        "check {url}, the key, the user's name and the password; if they are right, ask 8x8 support"),
    Words(Cause::ForeignRefusal, Reason::Other, "something that isn't 8x8's API refused the login",
        "check {url}; a firewall or a proxy between here and 8x8 may forbid the request: ask whoever runs it"),
    Words(Cause::NoLogin, Reason::Other, "nothing answers logins at this address",
        "check {url}, or leave it out"),
    Words(Cause::Unauthorized, Reason::Unauthorized, "8x8 refused the token",
        "nothing, if it passes: {program} logs in again; if it stays, ask 8x8 support"),
    Words(Cause::Forbidden, Reason::Forbidden, "the user has no access to one of the requested PBXs",
        "check {pbx_ids} against the PBX names in 8x8 Admin Console, and the user's access to them"),
    Words(Cause::NoPermission, Reason::NoPermission, "the user lacks the permission for Analytics",
        "in 8x8 Admin Console give the user Supervisor access to Analytics, then open Analytics for Work once in a browser as that user"),
    Words(Cause::RateLimited, Reason::RateLimited, "8x8 limits the rate of requests",
        "ask less often: fewer windows, a longer {interval}, and no second program that asks as the same user"),
    Words(Cause::BadRequest, Reason::BadRequest, "8x8 rejected the request",
        "check {pbx_ids} against the PBX names in 8x8 Admin Console; if they are right, report it to the authors of {program}"),
    Words(Cause::TimeZone, Reason::BadRequest, "8x8 rejected the time zone UTC, in which all times are sent",
        "report it to the authors of {program}: no setting changes it, {time_zone} only says where a day begins"),
    Words(Cause::LongQuery, Reason::BadRequest, "the list of PBXs is too long for one request",
        "ask for fewer PBXs in {pbx_ids}, or for allpbxes"),
    Words(Cause::ServerError, Reason::ServerError, "8x8 returned an internal error",
        "nothing: {program} tries again; see 8x8's status page"),
    Words(Cause::Timeout, Reason::Timeout, "no answer in time",
        "nothing, if it passes; else raise {timeout} or ask for fewer PBXs"),
    Words(Cause::NoConnection, Reason::Timeout, "the attempt to connect got no answer",
        "a firewall drops such packets silently: let this machine connect to 8x8's host, or set HTTPS_PROXY"),
    Words(Cause::Connect, Reason::Connect, "no connection to 8x8",
        "check the name, the network, firewalls, and HTTPS_PROXY if there is a proxy"),
    Words(Cause::UnknownName, Reason::Connect, "the name of 8x8's host has no address",
        "check {url} and this machine's DNS; where only a proxy can resolve outside names, set HTTPS_PROXY"),
    Words(Cause::Refused, Reason::Connect, "the connection was refused",
        "check {url}; if a firewall blocks direct connections, HTTPS_PROXY must name a proxy"),
    Words(Cause::Unreachable, Reason::Connect, "there is no route to 8x8's host",
        "check this machine's network; if it has no direct way out, set HTTPS_PROXY"),
    Words(Cause::ClosedEarly, Reason::Connect, "the connection was closed while it was being set up",
        "nothing, if it passes; if it stays, a firewall or a proxy may forbid the host, or inspect TLS and fail at it"),
    Words(Cause::Closed, Reason::Connect, "the connection was closed before there was an answer",
        "nothing, if it passes; if it stays, something on the way cuts it off, such as a firewall or a proxy"),
    Words(Cause::ProxyUnreachable, Reason::Connect, "the proxy that HTTPS_PROXY names can't be reached",
        "check HTTPS_PROXY and the network; NO_PROXY lists the hosts that need no proxy"),
    Words(Cause::ProxyRefused, Reason::Connect, "the proxy refuses to connect to 8x8's host",
        "ask whoever runs the proxy to allow it, or list the host in NO_PROXY if the proxy isn't needed"),
    Words(Cause::ProxyCredentials, Reason::Connect, "the proxy wants a user and a password",
        "put them into HTTPS_PROXY, as http://USER:PASSWORD@HOST:PORT with special characters percent-encoded"),
    Words(Cause::Tls, Reason::Tls, "no TLS connection could be set up",
        "a proxy that inspects TLS needs its root in {ca_file}; else check the clock and the CA certificates of this machine"),
    Words(Cause::UnknownIssuer, Reason::Tls, "the certificate is from an authority that this machine doesn't know",
        "if a proxy or firewall inspects TLS here, put its root certificate into a PEM file and name that with {ca_file}; else install the system's CA certificates (Debian: ca-certificates)"),
    Words(Cause::BadSignature, Reason::Tls, "the certificate's signature can't be verified",
        "its key may be too weak, such as RSA with less than 2048 bits, or {ca_file} holds another authority of the same name: whoever runs the server or the inspecting proxy can tell"),
    Words(Cause::WeakCertificate, Reason::Tls, "the certificate is signed in a way that is no longer trusted, such as with SHA-1",
        "whoever runs the server or the inspecting proxy must renew the certificate, signed with SHA-256 or better"),
    Words(Cause::UnsuitableCertificate, Reason::Tls, "the certificate isn't one for a server",
        "whoever runs the server or the inspecting proxy must replace it: version 3, for server authentication, and not the authority's own"),
    Words(Cause::Expired, Reason::Tls, "the certificate has expired",
        "check this machine's clock and set it by NTP; if it is right, whoever runs the server or the inspecting proxy must renew the certificate"),
    Words(Cause::NotYetValid, Reason::Tls, "the certificate isn't valid yet",
        "this machine's clock is probably behind: set it by NTP"),
    Words(Cause::WrongName, Reason::Tls, "the certificate is for another host",
        "check {url}; something between here and 8x8 may answer in its place, such as a login page of the network"),
    Words(Cause::NoTls, Reason::Tls, "what answers doesn't speak TLS",
        "check the host and port in {url}; something between here and 8x8 may answer in its place"),
    Words(Cause::NoCommonTls, Reason::Tls, "there is no TLS version or cipher in common",
        "the server or the inspecting proxy must offer TLS 1.2 or 1.3 with a modern cipher (ECDHE with AES-GCM or ChaCha20); whoever runs it can turn that on"),
    Words(Cause::TooLarge, Reason::TooLarge, "the answer is too large",
        "ask for fewer PBXs in {pbx_ids}"),
    Words(Cause::Decode, Reason::Decode, "the answer isn't what 8x8 documents",
        "check {url}; something between here and 8x8 may answer in its place"),
    Words(Cause::NoRows, Reason::Decode, "no row of the answer has a PBX's name",
        "check {url}; if it is right, report it to the authors of {program} with the answer's keys: 8x8 may have changed them"),
    Words(Cause::BadHead, Reason::Decode, "the head of the answer isn't HTTP",
        "check {url}; a proxy or a firewall between here and 8x8 may spoil the headers: ask whoever runs it"),
    Words(Cause::Other, Reason::Other, "8x8 documents no such answer",
        "check {url}; something between here and 8x8 may answer in its place"),
];

impl Cause {
    fn words(self) -> &'static Words {
        &TABLE[self as usize]
    }

    /// Each cause once.
    pub fn all() -> impl Iterator<Item = Cause> {
        TABLE.iter().map(|words| words.0)
    }

    /// What metrics count it as.
    #[must_use]
    pub fn reason(self) -> Reason {
        self.words().1
    }

    /// What happened, as the end of a sentence.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.words().2
    }

    /// What the operator can do about it, in a program that calls its settings by these names.
    #[must_use]
    pub fn remedy(self, names: &Names) -> String {
        names.fill(self.words().3)
    }
}

/// What a program calls itself and its settings. Remedies name them.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "named like the settings")]
pub struct Names {
    pub program: &'static str,
    pub url: &'static str,
    pub username: &'static str,
    pub pbx_ids: &'static str,
    pub timeout: &'static str,
    pub ca_file: &'static str,
    pub interval: &'static str,
    pub time_zone: &'static str,
}

impl Default for Names {
    fn default() -> Names {
        Names {
            program: "this program",
            url: "the base URL",
            username: "the user name",
            pbx_ids: "the PBX ids",
            timeout: "the timeout",
            ca_file: "the setting for extra roots",
            interval: "interval",
            time_zone: "the time zone",
        }
    }
}

impl Names {
    fn fill(&self, text: &str) -> String {
        let names = [
            ("{program}", self.program),
            ("{url}", self.url),
            ("{username}", self.username),
            ("{pbx_ids}", self.pbx_ids),
            ("{timeout}", self.timeout),
            ("{ca_file}", self.ca_file),
            ("{interval}", self.interval),
            ("{time_zone}", self.time_zone),
        ];
        names
            .iter()
            .fold(text.to_owned(), |text, (placeholder, name)| {
                text.replace(placeholder, name)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum_and_tells_causes_apart() {
        let mut meanings = std::collections::HashSet::new();
        for (index, cause) in Cause::all().enumerate() {
            assert_eq!(cause as usize, index, "{cause:?}");
            assert!(meanings.insert(cause.meaning()), "{cause:?}");
            let remedy = cause.remedy(&Names::default());
            assert!(!remedy.contains(['{', '}']), "{remedy}");
        }
    }
}
