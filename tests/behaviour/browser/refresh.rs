//! The page follows what happens, with scripts and without, and the reader keeps the place.

use super::Browser;
use crate::fixture::{Exporter, until};

#[tokio::test]
async fn it_refreshes_itself_and_keeps_the_place() {
    let browser = Browser::start().await;
    let exporter = Exporter::demo(&[]).await;
    browser.resize(600, 300).await;
    browser.open(&exporter.url).await;
    assert!(browser.text().await.contains("Not collected yet"));
    browser
        .run("window.same = true; window.scrollTo(0, 40)")
        .await;
    let before = browser.run("return window.scrollY").await;
    assert!(before.as_f64().unwrap() > 0.0);
    exporter.page().await;
    // What a period of 15 s or a tab that comes to the front does.
    browser
        .run("document.dispatchEvent(new Event('visibilitychange'))")
        .await;
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
    browser.close().await;
}
