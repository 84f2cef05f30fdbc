//! What keeps the exporter running looks at: health, probes, systemd.

use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use eightxeight_exporter::simulator::{Fault, Rule};

use crate::fixture::{
    Exporter, KEY, PASSWORD, Running, USERNAME, binary, clean_command, client, free_port,
    secret_files, simulator, until,
};

fn health(arguments: &[&str]) -> (Option<i32>, String) {
    let output = clean_command()
        .arg("health")
        .args(arguments)
        // Nothing listens there: a proxy isn't used.
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn the_health_command_asks_whatever_8x8_does() {
    let simulator = simulator().await;
    simulator.faults().add(Rule::any(Fault::unavailable()));
    let exporter = Exporter::serve(&simulator, &[]).await;
    let port = exporter.address().rsplit_once(':').unwrap().1;
    for address in [
        exporter.address(),
        &format!(":{port}"),
        &format!("localhost:{port}"),
    ] {
        let (code, said) = health(&["--web.listen-address", address]);
        assert_eq!((code, said.as_str()), (Some(0), "healthy\n"), "{address}");
    }
    let nobody = format!("127.0.0.1:{}", free_port());
    let (code, said) = health(&["--web.listen-address", &nobody]);
    assert_eq!(code, Some(1));
    assert!(said.contains(&nobody), "{said}");
    let (code, _) = health(&["--web.listen-address", "nonsense"]);
    assert_eq!(code, Some(2));
}

#[tokio::test]
async fn something_else_that_answers_is_not_healthy() {
    let simulator = simulator().await;
    let (code, said) = health(&["--web.listen-address", &simulator.address().to_string()]);
    assert_eq!(code, Some(1), "{said}");
}

#[tokio::test]
async fn the_address_for_probes_has_health_and_nothing_else() {
    let probes = format!("127.0.0.1:{}", free_port());
    let exporter = Exporter::demo(&["--web.health-listen-address", &probes]).await;
    let get = async |path: &str| {
        let response = client().get(format!("http://{probes}{path}")).send().await;
        response.unwrap().status().as_u16()
    };
    assert_eq!(get("/-/healthy").await, 200);
    assert_eq!(get("/-/ready").await, 200);
    for path in ["/metrics", "/", "/sd", "/config", "/-/reload"] {
        assert_eq!(get(path).await, 404, "{path}");
    }
    let other = [
        "--web.listen-address",
        "127.0.0.1:1",
        "--web.health-listen-address",
        &probes,
    ];
    assert_eq!(
        health(&other).0,
        Some(0),
        "it is asked where probes are answered"
    );
    drop(exporter);
}

#[tokio::test]
async fn the_configuration_in_force_is_shown_without_secrets() {
    let simulator = simulator().await;
    let exporter = Exporter::serve(&simulator, &["--collect.time-zone", "Europe/London"]).await;
    let shown = exporter.get("/config").await.text().await.unwrap();
    assert!(
        shown.contains("collect.time_zone: \"Europe/London\"\n"),
        "{shown}"
    );
    assert!(shown.contains("api.password_file: <hidden>\n"), "{shown}");
    for secret in [KEY, USERNAME, PASSWORD] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn systemd_is_told_when_it_is_ready_and_when_it_stops() {
    let files = secret_files();
    let path = files.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let mut command = clean_command();
    command.arg("demo").env("NOTIFY_SOCKET", &path);
    let mut exporter = Exporter::start(&mut command, files).await;
    let told = || {
        let mut message = [0; 256];
        let length = socket.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..length])
            .trim()
            .to_owned()
    };
    assert_eq!(told(), "READY=1");
    exporter.running.signal("TERM");
    assert_eq!(told(), "STOPPING=1");
    assert!(exporter.running.ended().await.success());
}

#[tokio::test]
async fn it_listens_on_the_socket_that_systemd_hands_over() {
    let address = format!("127.0.0.1:{}", free_port());
    let mut command = Command::new("systemd-socket-activate");
    command
        .args(["--listen", &address])
        .arg(binary())
        .args(["demo", "--web.systemd-socket"]);
    let mut running = Running::start(&mut command);
    running.line_with("Listening on").await;
    let page = until("the exporter to be started by a request", async || {
        client()
            .get(format!("http://{address}/metrics"))
            .send()
            .await
            .ok()
    });
    assert!(
        page.await
            .text()
            .await
            .unwrap()
            .contains("eightxeight_up 1")
    );
    running.signal("TERM");
    assert!(running.ended().await.success());
    // The address is free again.
    drop(TcpListener::bind(&address).unwrap());

    let output = clean_command()
        .args(["demo", "--web.systemd-socket"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("--web.systemd-socket")
    );
}
