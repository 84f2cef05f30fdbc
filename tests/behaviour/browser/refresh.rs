//! The page follows what happens, with scripts and without, and the reader keeps the place.

use serde_json::json;

use super::Browser;
use crate::fixture::{Exporter, until};

/// What a period of 15 s or a tab that comes to the front does.
const REFRESH: &str = "document.dispatchEvent(new Event('visibilitychange'))";

#[tokio::test]
async fn it_refreshes_itself_and_keeps_the_place() {
    let browser = Browser::start().await;
    let exporter = Exporter::demo(&[]).await;
    browser.show(600, 300, false).await;
    browser.open(&exporter.url).await;
    assert!(browser.text().await.contains("Not collected yet"));
    browser
        .run("window.same = true; window.scrollTo(0, 40)")
        .await;
    let before = browser.run("return window.scrollY").await;
    assert!(before.as_f64().unwrap() > 0.0);
    exporter.page().await;
    browser.run(REFRESH).await;
    until("the page to refresh itself", async || {
        browser.text().await.contains("Collected").then_some(())
    })
    .await;
    until("the numbers", async || {
        browser.text().await.contains("acme-support").then_some(())
    })
    .await;
    assert_eq!(
        browser.run("return window.same").await,
        true,
        "it was not loaded anew"
    );
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
    until("another table in its place", async || {
        (browser.run(place).await == json!([false, "PBXs, window today", 30])).then_some(())
    })
    .await;

    let Exporter { running, .. } = exporter;
    drop(running);
    assert!(!browser.text().await.contains("The exporter doesn't answer"));
    browser.run(REFRESH).await;
    until("a word about it", async || {
        let text = browser.text().await;
        let both = text.contains("The exporter doesn't answer") && text.contains("acme-support");
        both.then_some(())
    })
    .await;
    browser.look("outdated").await;
}

#[tokio::test]
async fn it_works_with_scripts_off() {
    let blocked = json!({"profile.managed_default_content_settings.javascript": 2});
    let browser = Browser::start_with(blocked).await;
    let exporter = Exporter::demo(&[]).await;
    browser.open(&exporter.url).await;
    assert!(browser.text().await.contains("Not collected yet"));
    exporter.page().await;
    // The browser loads it anew by itself, after 15 s.
    until("the numbers", async || {
        browser.text().await.contains("acme-support").then_some(())
    })
    .await;
    let (_, asked) = browser.logs().await;
    assert!(
        !asked.iter().any(|url| url.ends_with("/status.js")),
        "{asked:?}"
    );
}
