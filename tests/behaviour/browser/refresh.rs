//! The page follows what happens, with scripts and without, and the reader keeps the place.

use serde_json::json;

use super::{Browser, REFRESH};
use crate::fixture::{Exporter, assert_says, assert_silent, simulator, until_true};

#[tokio::test]
async fn it_refreshes_itself_and_keeps_the_place() {
    let browser = Browser::start().await;
    let simulator = simulator().await;
    let exporter = Exporter::serve(&simulator, &[]).await;
    browser.show(600, 300, false).await;
    let empty = ["Not collected yet"];
    browser.open_and_read(&exporter.url, &empty).await;
    browser
        .run("window.same = true; window.scrollTo(0, 40)")
        .await;
    let before = browser.run("return window.scrollY").await;
    assert!(before.as_f64().unwrap() > 0.0);
    exporter.page().await;
    browser.run(REFRESH).await;
    browser.until_it_says("Collected").await;
    browser.until_it_says("acme-support").await;
    let same = browser.run("return window.same").await;
    assert_eq!(same, true, "it was not loaded again");
    assert_eq!(browser.run("return window.scrollY").await, before);
}

#[tokio::test]
async fn it_keeps_the_keyboards_place_and_says_when_it_is_out_of_date() {
    let browser = Browser::start().await;
    let exporter = Exporter::demo(&["--collect.interval", "1s"]).await;
    exporter.page().await;
    browser.show(390, 844, false).await;
    browser.open(&exporter.url).await;
    browser
        .run("const table = document.querySelectorAll('.scroll')[1]; table.focus(); table.scrollLeft = 30; table.old = true")
        .await;
    browser.run(REFRESH).await;
    let place = "const table = document.activeElement; return [table.old ?? false, table.ariaLabel, table.scrollLeft]";
    until_true("another table in its place", async || {
        browser.run(place).await == json!([false, "PBXs, window today", 30])
    })
    .await;

    let Exporter { running, .. } = exporter;
    drop(running);
    let outdated = "The exporter doesn't answer";
    assert_silent(&browser.text().await, &[outdated]);
    browser.run(REFRESH).await;
    browser.until_it_says(outdated).await;
    assert_says(&browser.text().await, &["acme-support"]);
    browser.look("outdated").await;
}

#[tokio::test]
async fn it_works_with_scripts_off() {
    let blocked = json!({"profile.managed_default_content_settings.javascript": 2});
    let browser = Browser::start_with(blocked).await;
    let simulator = simulator().await;
    let exporter = Exporter::serve(&simulator, &[]).await;
    let empty = ["Not collected yet"];
    browser.open_and_read(&exporter.url, &empty).await;
    exporter.page().await;
    // The browser loads it again by itself, after 15 s.
    browser.until_it_says("acme-support").await;
    let (_, asked) = browser.logs().await;
    let scripts = asked.iter().filter(|url| url.ends_with("/status.js"));
    assert_eq!(scripts.count(), 0, "{asked:?}");
}
