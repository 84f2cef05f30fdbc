use std::net::{Ipv4Addr, SocketAddr};

use axum::body::Body;
use axum::routing::get;
use tokio::io::duplex;
use tokio::task::JoinHandle;
use tokio_util::io::ReaderStream;

use super::*;
use crate::listen;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// A server with room for one connection, its address, and how many answers it had to cut.
async fn with_one_place(
    router: Router,
    stop: &CancellationToken,
) -> (SocketAddr, JoinHandle<usize>) {
    let any = ["127.0.0.1:0".parse().unwrap()];
    let listeners = listen::bind(&any).await.unwrap();
    let address = listeners[0].local_addr().unwrap();
    let server = Server {
        listeners,
        security: None,
        most_connections: 1,
    };
    (address, tokio::spawn(server.run(router, stop.clone())))
}

/// Sends a request over a connection of its own.
async fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// The beginning of what comes within ten seconds; nothing if the server hangs up.
async fn answer(stream: &mut TcpStream) -> String {
    let mut start = [0; 12];
    let read = timeout(Duration::from_secs(10), stream.read(&mut start)).await;
    let length = read.expect("no answer").unwrap_or(0);
    String::from_utf8_lossy(&start[..length]).into_owned()
}

#[tokio::test(start_paused = true)]
async fn a_panic_leaves_its_place() {
    let stop = CancellationToken::new();
    let router = Router::new()
        .route("/", get(|| async { "ok" }))
        .route("/panic", get(|| async { panic!("on purpose") as &str }));
    let (address, cut) = with_one_place(router, &stop).await;
    assert_eq!(answer(&mut ask(address, "/panic").await).await, "");
    let mut next = ask(address, "/").await;
    assert_eq!(answer(&mut next).await, "HTTP/1.1 200");
    drop(next);
    stop.cancel();
    assert_eq!(cut.await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_takes_the_place_of_one_that_has_its_answer() {
    let handled = Arc::new(Notify::new());
    let done = handled.clone();
    let slow = async move || {
        done.notified().await;
        let (mut writes, reads) = duplex(10);
        tokio::spawn(async move {
            sleep(Duration::from_millis(500)).await;
            writes.write_all(b"whole").await.unwrap();
        });
        Body::from_stream(ReaderStream::new(reads))
    };
    let router = Router::new()
        .route("/", get(|| async { "ok" }))
        .route("/slow", get(slow));
    let (address, _) = with_one_place(router, &CancellationToken::new()).await;
    // The clock goes on when all that can be done is done.
    let mut first = ask(address, "/slow").await;
    sleep(Duration::from_secs(1)).await;
    let mut second = ask(address, "/").await;
    sleep(Duration::from_secs(1)).await;
    handled.notify_one();
    assert_eq!(answer(&mut second).await, "HTTP/1.1 200");
    let mut text = String::new();
    first.read_to_string(&mut text).await.unwrap();
    assert!(text.ends_with("whole\r\n0\r\n\r\n"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_has_two_minutes_however_steadily_it_is_read() {
    const LENGTH: usize = 7 * 1024 * 1024;
    for (bytes_per_second, is_whole) in [(100_000, true), (7, false)] {
        let connections = Connections {
            most: 1,
            security: None,
            router: Router::new().route("/", get(|| async { vec![b'x'; LENGTH] })),
            stop: CancellationToken::new(),
            open: Mutex::default(),
            left: Notify::new(),
        };
        let connection = Connection::new(Ipv4Addr::LOCALHOST.into());
        let (mut client, server) = duplex(100_000);
        client.write_all(REQUEST).await.unwrap();
        let mut taken = 0;
        let read = async {
            let mut piece = vec![0; bytes_per_second];
            while taken < LENGTH {
                taken += client.read(&mut piece).await.unwrap();
                sleep(Duration::from_secs(1)).await;
            }
            std::future::pending::<()>().await;
        };
        let asked = Instant::now();
        tokio::select! {
            () = connections.serve_http(server, &connection) => {}
            () = read => {}
            () = sleep(Duration::from_mins(5)) => {}
        }
        let kept = asked.elapsed().as_secs();
        assert!((120..126).contains(&kept), "{kept} s");
        assert_eq!(taken >= LENGTH, is_whole, "{taken} bytes");
    }
}
