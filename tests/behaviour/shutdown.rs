//! How it ends: signals, waiting scrapes, half-sent requests, exit codes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use eightxeight_simulator::{Fault, Rule};

use crate::fixture::{
    Exporter, Page, Running, assert_says, command, finish, free_port, pause, secret_files,
    simulator, simulator_with,
};

#[tokio::test]
async fn waiting_scrapes_are_answered_and_half_a_request_holds_nothing_up() {
    for signal in ["TERM", "INT"] {
        let simulator = simulator_with(Rule::compsum(Fault::hang())).await;
        let mut exporter = Exporter::serve(&simulator, &[]).await;
        let mut half = TcpStream::connect(exporter.address()).unwrap();
        half.write_all(b"GET /metrics HTT").unwrap();
        let _idle = TcpStream::connect(exporter.address()).unwrap();
        let waiting = tokio::spawn(exporter.request("GET", "/metrics").send());
        simulator.requests().until(|log| log.len() == 3).await;

        let start = Instant::now();
        exporter.running.signal(signal);
        let page = waiting.await.unwrap().unwrap();
        assert_eq!(page.status(), 200);
        let page = Page::parse(&page.text().await.unwrap());
        assert_eq!(page.value("eightxeight_up"), 0.0);
        let status = exporter.running.ended().await;
        assert_eq!(status.code(), Some(0), "{:#?}", exporter.running.log());
        let took = start.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}");
        half.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        assert!(matches!(half.read(&mut [0; 16]), Ok(0) | Err(_)));
    }
}

#[tokio::test]
async fn a_port_in_use_is_exit_1_and_says_so() {
    let simulator = simulator().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let files = secret_files();
    let mut command = command("serve", &simulator.url(), files.path());
    command.args(["--collect.mode", "timer"]);
    let ended = finish(command.args(["--web.listen-address", &address]));
    assert_eq!(ended.code, Some(1));
    assert_says(&ended.errors, &["--web.listen-address", &address, "in use"]);
    assert!(simulator.requests().all().is_empty(), "nothing was started");
}

#[tokio::test]
async fn a_second_interrupt_ends_it_at_once() {
    let simulator = simulator().await;
    let mut exporter = Exporter::serve(&simulator, &[]).await;
    // A client that reads nothing keeps its answer on the way, for as long as the server has patience.
    let mut greedy = TcpStream::connect(exporter.address()).unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    greedy.set_nonblocking(true).unwrap();
    let mut blocked = 0;
    while blocked < 10 {
        if greedy.write(request).is_ok() {
            blocked = 0;
        } else {
            blocked += 1;
            pause().await;
        }
    }
    exporter.running.signal("INT");
    exporter.running.line_with("stopping").await;
    exporter.running.signal("INT");
    let status = exporter.running.ended().await;
    assert_eq!(
        status.code(),
        Some(130),
        "not 0, once the client has lost its patience"
    );
}

#[tokio::test]
async fn a_signal_is_obeyed_as_soon_as_the_port_is_open() {
    let (simulator, files) = (simulator().await, secret_files());
    let address = format!("127.0.0.1:{}", free_port());
    let mut command = command("serve", &simulator.url(), files.path());
    let mut running = Running::start(command.args(["--web.listen-address", &address]));
    while TcpStream::connect(&address).is_err() {
        assert_eq!(running.status(), None);
    }
    running.signal("HUP");
    running.signal("TERM");
    assert_eq!(running.ended().await.code(), Some(0));
}
