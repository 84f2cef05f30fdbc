//! The server from outside, over sockets; the clock runs ahead whenever nothing else happens.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use exporter_toolkit::{Server, listen};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A connection to a server that answers `/` with `ok`.
async fn connect() -> TcpStream {
    let listeners = listen::bind(&["127.0.0.1:0".parse().unwrap()])
        .await
        .unwrap();
    let address = listeners[0].local_addr().unwrap();
    let router = Router::new().route("/", get(|| async { "ok" }));
    tokio::spawn(Server::new(listeners).run(router, CancellationToken::new()));
    TcpStream::connect(address).await.unwrap()
}

/// What is read until `end` comes, or until the server closes the connection.
async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        let length = stream.read(&mut buffer).await.unwrap();
        text.extend_from_slice(&buffer[..length]);
        if length == 0 || text.ends_with(end.as_bytes()) {
            return String::from_utf8(text).unwrap();
        }
    }
}

/// The status line for a head with so many bytes, without its end when `whole` is false.
async fn status(length: usize, whole: bool) -> String {
    let mut stream = connect().await;
    let (start, end) = ("GET / HTTP/1.1\r\nHost: a\r\nCookie: ", "\r\n\r\n");
    let end = if whole { end } else { "" };
    let cookie = "x".repeat(length - start.len() - end.len());
    let head = format!("{start}{cookie}{end}");
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_until(&mut stream, "\r\n\r\nok").await;
    answer.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_head_has_at_most_32_kib() {
    assert_eq!(status(31 * 1024, true).await, "HTTP/1.1 200 OK");
    let refused = "HTTP/1.1 431 Request Header Fields Too Large";
    assert_eq!(status(32 * 1024 + 1, false).await, refused);
    assert_eq!(status(40 * 1024, true).await, refused);
}

#[tokio::test(start_paused = true)]
async fn half_a_head_behind_a_request_has_the_time_of_a_head() {
    let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for (behind, least, most) in [("", 120, 126), ("GET / HT", 5, 11)] {
        let mut stream = connect().await;
        let text = format!("{request}{behind}");
        stream.write_all(text.as_bytes()).await.unwrap();
        let answer = read_until(&mut stream, "\r\n\r\nok").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        let answered = Instant::now();
        assert_eq!(read_until(&mut stream, "never").await, "");
        let kept = answered.elapsed();
        let expected = Duration::from_secs(least)..Duration::from_secs(most);
        assert!(expected.contains(&kept), "{kept:?} with {behind:?}");
    }
}
