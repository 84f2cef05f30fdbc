//! What the simulator's server is too orderly for: heads that no standard allows, connections that die, odd encodings.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Source, client, hour, of, settings, simulator};
use eightxeight::clock::Clock;
use eightxeight::{Cause, Client, Error, Users};
use eightxeight_simulator::{Fault, Rule};

const TOKEN: &str = r#"{"access_token":"t","expires_in":1800}"#;

const REPORT: &str = r#"[{"pbxId":"p","totalCall":7}]"#;

/// What a server does with the next request.
#[derive(Clone)]
enum Act {
    /// Answers with these bytes.
    Answer(Vec<u8>),
    /// Answers with a token and the time, the last byte after three seconds.
    Linger,
    /// Closes the connection.
    Close,
    /// Resets it.
    Reset,
}

/// A server that takes the requests of all its connections, in order, by a script.
struct Server {
    address: SocketAddr,
    /// The paths that were asked for.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn with(script: Vec<Act>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let server = Server {
            address,
            asked: asked.clone(),
        };
        let script = Arc::new(Mutex::new(script.into_iter()));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, script.clone(), asked.clone()));
            }
        });
        server
    }

    async fn client(&self) -> Client {
        let simulator = simulator().await;
        let mut settings = settings(&simulator, Source::text("password", "p"));
        settings.url = format!("http://{}", self.address).parse().unwrap();
        of(&Users::new(Clock::System), settings)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(
    mut connection: TcpStream,
    script: Arc<Mutex<std::vec::IntoIter<Act>>>,
    asked: Arc<Mutex<Vec<String>>>,
) {
    while let Some(path) = request(&mut connection).await {
        asked.lock().unwrap().push(path);
        let act = script.lock().unwrap().next();
        match act {
            Some(Act::Answer(bytes)) => connection.write_all(&bytes).await.unwrap(),
            Some(Act::Linger) => {
                let now = Clock::System.now().wall;
                let now = now.strftime("date: %a, %d %b %Y %H:%M:%S GMT\r\n");
                let Act::Answer(bytes) = answer(&now.to_string(), TOKEN.as_bytes()) else {
                    unreachable!()
                };
                let (last, rest) = bytes.split_last().unwrap();
                connection.write_all(rest).await.unwrap();
                tokio::time::sleep(Duration::from_secs(3)).await;
                connection.write_u8(*last).await.unwrap();
            }
            Some(Act::Reset) => return connection.set_zero_linger().unwrap(),
            Some(Act::Close) | None => return,
        }
    }
}

/// Reads a request and says its path, or nothing when the client has left.
async fn request(connection: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).map_or(0, |rest| {
        rest.split("\r\n").next().unwrap().parse().unwrap()
    });
    connection.read_exact(&mut vec![0; length]).await.ok()?;
    let path = head.split(' ').nth(1)?;
    Some(path.split('?').next()?.to_owned())
}

fn answer(head: &str, body: &[u8]) -> Act {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\n{head}content-length: {length}\r\n\r\n");
    Act::Answer([head.as_bytes(), body].concat())
}

fn token() -> Act {
    answer("", TOKEN.as_bytes())
}

fn report() -> Act {
    answer("", REPORT.as_bytes())
}

fn cause(error: &Error) -> Option<Cause> {
    error.cause()
}

#[tokio::test]
async fn a_connection_that_died_while_idle_is_nobodys_failure() {
    for death in [Act::Close, Act::Reset] {
        let server = Server::with(vec![token(), report(), death, report()]).await;
        let client = server.client().await;
        client.company_summary(hour()).await.unwrap();
        client.company_summary(hour()).await.unwrap();
        assert_eq!(server.asked().len(), 4);
        // Both tries may have reached 8x8.
        assert_eq!(client.status().budget_remaining, 10 - 4);
    }
}

#[tokio::test]
async fn a_connection_that_dies_twice_is_a_failure_and_a_login_is_never_repeated() {
    let server = Server::with(vec![token(), Act::Close, Act::Close, report()]).await;
    let error = server.client().await.company_summary(hour()).await;
    assert_eq!(cause(&error.unwrap_err()), Some(Cause::Closed));
    assert_eq!(server.asked().len(), 3);

    let server = Server::with(vec![Act::Close, token(), report()]).await;
    let error = server.client().await.company_summary(hour()).await;
    assert_eq!(cause(&error.unwrap_err()), Some(Cause::Closed));
    assert_eq!(server.asked(), ["/v1/oauth/token"]);
}

#[tokio::test]
async fn heads_that_no_standard_allows_are_read() {
    let many = (0..121).map(|n| format!("x-{n}: {n}\r\n"));
    let many = many.collect::<Vec<_>>().concat();
    for head in [
        "X-Proxy : a\r\n",
        "X-Folded: a\r\n b\r\n\tc\r\n",
        "no colon at all\r\n",
        "X-Latin: caf\u{e9}\r\n",
        ": no name\r\n",
        &many,
    ] {
        let server = Server::with(vec![
            answer(head, TOKEN.as_bytes()),
            answer(head, REPORT.as_bytes()),
        ])
        .await;
        let answered = server.client().await.company_summary(hour()).await;
        assert_eq!(answered.unwrap().answer.rows.len(), 1, "{head}");
    }
}

#[tokio::test]
async fn a_head_that_is_none_is_told_from_a_broken_connection() {
    let heads: [&[u8]; 3] = [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"\0\0\0\0",
    ];
    for head in heads {
        let server = Server::with(vec![token(), Act::Answer(head.to_vec())]).await;
        let error = server
            .client()
            .await
            .company_summary(hour())
            .await
            .unwrap_err();
        assert_eq!(cause(&error), Some(Cause::BadHead), "{head:?}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn answers_are_unpacked_whatever_their_headers_say() {
    let (first, second) = REPORT.as_bytes().split_at(9);
    let bom = [b"\xef\xbb\xbf", REPORT.as_bytes()].concat();
    let packed = gzip(REPORT.as_bytes());
    for (encoding, body) in [
        ("gzip", packed.clone()),
        ("GZIP", packed.clone()),
        ("x-gzip", packed.clone()),
        ("", packed.clone()),
        ("gzip, gzip", gzip(&packed)),
        ("gzip", [gzip(first), gzip(second)].concat()),
        ("gzip", REPORT.into()),
        ("", bom.clone()),
        ("gzip", gzip(&bom)),
    ] {
        let simulator = simulator().await;
        let mut fault = Fault::json(body);
        if !encoding.is_empty() {
            fault = fault.header("content-encoding", encoding);
        }
        simulator.faults().add(Rule::compsum(fault));
        let answered = client(&simulator).company_summary(hour()).await;
        assert_eq!(answered.unwrap().answer.rows.len(), 1, "{encoding}");
    }
    let token = [b"\xef\xbb\xbf", TOKEN.as_bytes()].concat();
    let server = Server::with(vec![answer("", &gzip(&token)), report()]).await;
    server.client().await.company_summary(hour()).await.unwrap();
}

#[tokio::test]
async fn a_packed_refusal_is_a_refusal() {
    let simulator = simulator().await;
    let body = gzip(br#"{"error":"invalid_grant"}"#);
    let fault = Fault::status(400, "application/json", body).header("content-encoding", "GZIP");
    simulator.faults().add(Rule::token(fault));
    let error = client(&simulator)
        .company_summary(hour())
        .await
        .unwrap_err();
    assert_eq!(cause(&error), Some(Cause::BadCredentials));
}

#[tokio::test]
async fn the_servers_clock_is_that_of_the_head_however_long_the_body_takes() {
    let server = Server::with(vec![Act::Linger]).await;
    let client = server.client().await;
    client.log_in_if_needed().await.unwrap();
    let skew = client.status().clock_skew.unwrap();
    assert!(skew < 3.0, "{skew}");
}
