//! What keeps the exporter running looks at: health, probes, systemd.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use eightxeight_simulator::{Fault, Rule};

use crate::certificates::hash;
use crate::fixture::{
    Ended, Exporter, KEY, PASSWORD, Running, USERNAME, assert_says, assert_silent, binary,
    clean_command, client, finish, free_port, run_by, secret_files, simulator, simulator_with,
    until, words,
};
use crate::web_tls::Site;

fn health(option: &str, address: &str) -> Ended {
    let mut command = clean_command();
    // Nothing listens there: a proxy isn't used.
    command.env("HTTP_PROXY", "http://127.0.0.1:1");
    finish(command.args(["health", option, address]))
}

#[tokio::test]
async fn the_health_command_asks_whatever_8x8_does() {
    let simulator = simulator_with(Rule::any(Fault::unavailable())).await;
    let exporter = Exporter::serve(&simulator, &[]).await;
    let port = exporter.address().rsplit_once(':').unwrap().1;
    for address in [
        exporter.address(),
        &format!(":{port}"),
        &format!("localhost:{port}"),
    ] {
        let ended = health("--web.listen-address", address);
        assert_eq!((ended.code, &*ended.said()), (Some(0), "healthy\n"));
    }
    let nobody = free_port();
    for address in [format!("127.0.0.1:{nobody}"), format!(":{nobody}")] {
        let ended = health("--web.listen-address", &address);
        assert_eq!(ended.code, Some(1));
        let refused = format!("error: 127.0.0.1:{nobody}: Connection refused");
        assert_says(&ended.said(), &[&refused]);
    }
    let ended = health("--web.listen-address", "nonsense");
    assert_eq!(ended.code, Some(2));
}

#[tokio::test]
async fn something_else_that_answers_is_not_healthy() {
    let simulator = simulator().await;
    let address = simulator.address().to_string();
    let ended = health("--web.listen-address", &address);
    assert_eq!(ended.code, Some(1), "{ended:?}");
}

#[test]
fn an_answer_that_drips_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    // As long as somebody listens.
    let drip = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        while stream.write_all(b"H").is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let ended = health("--web.listen-address", &address);
    assert_says(&ended.errors, &["timed out"]);
    drip.join().unwrap();
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
    // It is asked where probes are answered.
    let mut command = clean_command();
    command.args(["health", "--web.listen-address", "127.0.0.1:1"]);
    command.args(["--web.health-listen-address", &probes]);
    assert_eq!(finish(&mut command).code, Some(0));
    drop(exporter);
}

/// Starts exporters with processes of their own, as in a container, and asks for their health there.
fn health_beside(exporters: &[&str], health: &str) -> Ended {
    let mut script = String::new();
    for (number, options) in exporters.iter().enumerate() {
        let _ = write!(
            script,
            "\"$EXPORTER\" demo {options} 2>log{number} &\n\
             until grep -q address= log{number}; do kill -0 $! || exit 9; sleep 0.05; done\n"
        );
    }
    let _ = writeln!(script, "\"$EXPORTER\" health {health}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]);
    let processes = "unshare --user --map-root-user --pid --fork --mount-proc --kill-child";
    let files = tempfile::tempdir().unwrap();
    let file = format!("web: {{listen_address: ['127.0.0.1:{}']}}\n", free_port());
    std::fs::write(files.path().join("file.yml"), file).unwrap();
    let mut command = run_by(&words(processes), &shell);
    command.env("EXPORTER", binary());
    finish(command.current_dir(files.path()))
}

#[test]
fn the_health_command_finds_the_exporter_that_runs() {
    let probes = format!(
        "--web.listen-address 127.0.0.1:0 --web.health-listen-address 127.0.0.1:{}",
        free_port()
    );
    for options in [
        "--web.listen-address 127.0.0.1:0",
        &format!("--web.listen-address :{}", free_port()),
        "--web.listen-address 127.0.0.1:0 --web.route-prefix /eight",
        "--config.file file.yml",
        &probes,
    ] {
        let ended = health_beside(&[options], "");
        assert_eq!(ended.code, Some(0), "{options}: {ended:?}");
    }
    let free = "--web.listen-address 127.0.0.1:0";
    // Another than the one that was asked for doesn't do.
    let ended = health_beside(&[free], &format!("--web.listen-address :{}", free_port()));
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let ended = health_beside(&[free, free], "");
    if ended.code == Some(1) {
        assert_says(&ended.errors, &["2 exporters run here"]);
    }
}

#[tokio::test]
async fn the_health_command_says_what_an_exporter_behind_a_password_needs() {
    let users = format!("basic_auth_users: {{a: '{}'}}\n", hash("b"));
    let tls =
        format!("{users}tls_server_config: {{cert_file: server.crt, key_file: server.key}}\n");
    for (config, what) in [(users, "asks for a password"), (tls, "speaks HTTPS")] {
        let site = Site::new(&config).await;
        let ended = health("--web.listen-address", site.exporter.address());
        assert_eq!(ended.code, Some(1));
        let expected = [what, "--web.health-listen-address"];
        assert_says(&ended.errors, &expected);
    }
}

/// The command as a user who isn't root.
fn unprivileged(program: &[&str], command: &Command) -> Command {
    let user = [
        "setpriv",
        "--reuid=54321",
        "--regid=54321",
        "--clear-groups",
    ];
    let is_root = rustix::process::getuid().is_root();
    let user = user.iter().filter(|_| is_root);
    run_by(&user.chain(program).copied().collect::<Vec<_>>(), command)
}

#[test]
fn too_few_threads_are_an_error_at_the_start() {
    let limits = words("timeout 30 prlimit --nproc=4:4");
    let ended = finish(&mut unprivileged(&limits, clean_command().arg("demo")));
    assert_eq!(ended.code, Some(1));
    assert_says(&ended.errors, &["threads", "--pids-limit"]);
    assert_silent(&ended.errors, &["panicked"]);
}

#[tokio::test]
async fn nobody_else_can_look_into_the_process() {
    let mut demo = unprivileged(&["env"], clean_command().arg("demo"));
    let exporter = Exporter::start(&mut demo, tempfile::tempdir().unwrap()).await;
    // What a process may be dumped of belongs to its user; the rest to root.
    let environment = format!("/proc/{}/environ", exporter.running.id());
    assert_eq!(std::fs::metadata(environment).unwrap().uid(), 0);
    let page = exporter.page().await;
    assert!(page.value("process_open_fds") > 3.0);
}

#[tokio::test]
async fn the_configuration_in_force_is_shown_without_secrets() {
    let simulator = simulator().await;
    let exporter = Exporter::serve(&simulator, &["--collect.time-zone", "Europe/London"]).await;
    let shown = exporter.text("/config").await;
    let expected = [
        "collect:\n  mode: \"scrape\"\n",
        "  time_zone: \"Europe/London\"\n",
        "  password_file: <hidden>\n",
    ];
    assert_says(&shown, &expected);
    assert_silent(&shown, &[KEY, USERNAME, PASSWORD]);
}

#[tokio::test]
async fn systemd_is_told_when_it_is_ready_and_when_it_stops() {
    let files = secret_files();
    let path = files.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let patience = Some(Duration::from_secs(30));
    socket.set_read_timeout(patience).unwrap();
    let mut command = clean_command();
    command.arg("demo").env("NOTIFY_SOCKET", &path);
    let mut exporter = Exporter::start(&mut command, files).await;
    let told = || {
        let mut message = [0; 256];
        let length = socket.recv(&mut message).unwrap();
        let message = String::from_utf8_lossy(&message[..length]);
        message.trim().to_owned()
    };
    assert_eq!(told(), "READY=1");
    exporter.running.signal("TERM");
    assert_eq!(told(), "STOPPING=1");
    assert!(exporter.running.ended().await.success());
}

#[tokio::test]
async fn it_listens_on_the_socket_that_systemd_hands_over() {
    let address = format!("127.0.0.1:{}", free_port());
    let mut demo = clean_command();
    demo.args(["demo", "--web.systemd-socket"]);
    let activate = ["systemd-socket-activate", "--listen", &address];
    let mut command = run_by(&activate, &demo);
    let mut running = Running::start(&mut command);
    running.line_with("Listening on").await;
    let url = format!("http://{address}/metrics");
    let page = until("the exporter to be started by a request", async || {
        client().get(&url).send().await.ok()
    })
    .await;
    assert_says(&page.text().await.unwrap(), &["eightxeight_up 1"]);
    running.signal("TERM");
    assert!(running.ended().await.success());
    // The address is free again.
    drop(TcpListener::bind(&address).unwrap());

    let ended = finish(&mut demo);
    assert_eq!(ended.code, Some(1));
    assert_says(&ended.errors, &["--web.systemd-socket"]);
}
