use std::sync::Weak;
use std::task::{Context, Waker};

use tokio::task::JoinSet;

use super::*;

const PLAIN: Variant = Variant::new(Format::Text, Encoding::Identity);

async fn text_of(pages: &Pages, shown: &[Shown<'_>]) -> String {
    let part = pages.part(shown, PLAIN).await.unwrap();
    String::from_utf8(part.into_bytes().to_vec()).unwrap()
}

fn inbound(page: &str) -> Vec<&str> {
    page.lines()
        .filter_map(|line| line.strip_prefix("eightxeight_company_inbound_calls{"))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_who_ask_share_one_rendering() {
    let pages = Arc::new(Pages::new());
    let rows: Vec<_> = (0..200).map(|n| row(&format!("pbx-{n}"), 1.0)).collect();
    let snapshot = snapshot(rows);
    for variant in Variant::ALL {
        let mut asking = JoinSet::new();
        for _ in 0..50 {
            let (pages, snapshot) = (Arc::clone(&pages), Arc::clone(&snapshot));
            asking.spawn(async move {
                let part = pages.part(&[(&window("1h"), snapshot)], variant).await;
                let part = part.unwrap();
                assert_eq!(part.variant(), variant);
                part.into_bytes()
            });
        }
        let parts = asking.join_all().await;
        assert!(!parts[0].is_empty());
        assert!(parts.iter().all(|part| part.as_ptr() == parts[0].as_ptr()));
    }
}

#[tokio::test]
async fn a_rendering_outlives_who_asked_for_it() {
    let pages = Pages::new();
    let window = window("1h");
    let shown = [(&window, snapshot(documented()))];
    {
        let mut asking = Box::pin(pages.part(&shown, PLAIN));
        let mut context = Context::from_waker(Waker::noop());
        // Both outcomes of the first poll are fine: it may be ready at once.
        let _ = asking.as_mut().poll(&mut context);
    }
    let page = pages.page(&shown);
    let mut rendering = page.rendering(PLAIN).expect("no rendering was begun");
    rendering.wait_for(Option::is_some).await.unwrap();
}

#[tokio::test]
async fn a_form_that_nobody_asks_for_is_not_rendered() {
    let pages = Pages::new();
    let window = window("1h");
    let shown = [(&window, snapshot(documented()))];
    pages.part(&shown, PLAIN).await.unwrap();
    let page = pages.page(&shown);
    for variant in Variant::ALL {
        assert_eq!(page.rendering(variant).is_some(), variant == PLAIN);
    }
}

#[tokio::test]
async fn a_new_answer_replaces_the_page_and_the_old_one_is_freed_before() {
    let pages = Pages::new();
    let window = window("1h");
    let first = snapshot(vec![row("gone", 1.0), row("here", 1.0)]);
    let freed: Weak<Snapshot> = Arc::downgrade(&first);
    text_of(&pages, &[(&window, first)]).await;
    assert!(freed.upgrade().is_some());

    let second = snapshot(vec![row("here", 2.0)]);
    let page = pages.page(&[(&window, second.clone())]);
    assert!(freed.upgrade().is_none());
    assert!(page.rendering(PLAIN).is_none());

    let shown = text_of(&pages, &[(&window, second)]).await;
    assert_eq!(inbound(&shown), [r#"pbx_id="here",window="1h"} 2"#]);
}

#[tokio::test]
async fn a_scrape_that_was_held_up_gets_the_newer_page() {
    let pages = Pages::new();
    let (hour, today) = (window("1h"), window("today"));
    let old = [1.0, 2.0].map(|n| snapshot(vec![row("a", n)]));
    let new = [3.0, 4.0].map(|n| snapshot(vec![row("a", n)]));
    let view = |hours: &Arc<Snapshot>, days: &Arc<Snapshot>| {
        [(&hour, Arc::clone(hours)), (&today, Arc::clone(days))]
    };
    let values = |page: &str| {
        let samples = inbound(page);
        assert_eq!(samples.len(), 2);
        [0, 1].map(|n| samples[n].rsplit_once(' ').unwrap().1.to_owned())
    };
    pages.part(&view(&old[0], &old[1]), PLAIN).await.unwrap();
    let newest = pages.part(&view(&new[0], &new[1]), PLAIN).await.unwrap();
    let newest = newest.into_bytes();
    for late in [
        view(&old[0], &old[1]),
        view(&new[0], &old[1]),
        view(&old[0], &new[1]),
        view(&new[0], &new[1]),
    ] {
        let part = pages.part(&late, PLAIN).await.unwrap();
        assert_eq!(part.into_bytes().as_ptr(), newest.as_ptr());
    }
    // One window of the late view is news, the other isn't.
    let newer = snapshot(vec![row("a", 5.0)]);
    let page = text_of(&pages, &view(&newer, &old[1])).await;
    assert_eq!(values(&page), ["5", "4"]);
    let page = text_of(&pages, &view(&new[0], &old[1])).await;
    assert_eq!(values(&page), ["5", "4"]);
    // One that knows only a window, and that an old one, leaves the other window out.
    let page = text_of(&pages, &[(&hour, Arc::clone(&old[0]))]).await;
    assert_eq!(inbound(&page), [r#"pbx_id="a",window="1h"} 5"#]);
}

#[tokio::test]
async fn an_answer_is_prepared_in_the_compressed_forms_that_are_asked_for() {
    let gzip = Variant::new(Format::OpenMetrics, Encoding::Gzip);
    let pages = Pages::new();
    let (hour, today) = (window("1h"), window("today"));
    let [a, b, c, d] = [1.0, 2.0, 3.0, 4.0].map(|n| snapshot(vec![row("a", n)]));
    let view = |hours: &Arc<Snapshot>, days: &Arc<Snapshot>| {
        [(&hour, Arc::clone(hours)), (&today, Arc::clone(days))]
    };
    let rendered = |page: Arc<Page>| {
        let all = Variant::ALL.into_iter();
        all.filter(move |variant| page.rendering(*variant).is_some())
            .collect::<Vec<_>>()
    };
    pages.prepare(&hour, a.clone()).await;
    assert_eq!(rendered(pages.page(&view(&a, &b))), []);

    for variant in [PLAIN, gzip] {
        pages.part(&view(&a, &b), variant).await.unwrap();
    }
    let before = pages.page(&view(&a, &b));
    // One window after the other, as they are collected.
    pages.prepare(&hour, c.clone()).await;
    pages.prepare(&today, d.clone()).await;
    // Nobody has asked for `c` yet, so nobody may ever ask for what comes after it.
    let freed = snapshot(vec![row("a", 5.0)]);
    pages.prepare(&hour, freed.clone()).await;
    assert_eq!(Arc::strong_count(&freed), 1);
    assert!(Arc::ptr_eq(&before, &pages.page(&view(&a, &b))));
    for shown in [view(&c, &b), view(&c, &d)] {
        let page = pages.page(&shown);
        let mut rendering = page.rendering(gzip).expect("the form isn't prepared");
        assert!(rendering.borrow_and_update().is_some());
        assert_eq!(rendered(page), [gzip]);
    }
    let page = text_of(&pages, &view(&c, &d)).await;
    assert_eq!(
        inbound(&page),
        [
            r#"pbx_id="a",window="1h"} 3"#,
            r#"pbx_id="a",window="today"} 4"#
        ]
    );
}

#[tokio::test]
async fn a_window_that_left_the_page_may_come_back() {
    let pages = Pages::new();
    let window = window("1h");
    let answer = snapshot(vec![row("a", 1.0)]);
    for _ in 0..2 {
        assert_eq!(text_of(&pages, &[]).await, "");
        let page = text_of(&pages, &[(&window, answer.clone())]).await;
        assert_eq!(inbound(&page), [r#"pbx_id="a",window="1h"} 1"#]);
    }
}

#[test]
fn a_runtime_that_ends_leaves_an_error_and_nobody_waiting() {
    let pages = Pages::new();
    let window = window("1h");
    let shown = [(&window, snapshot(documented()))];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let handle = runtime.handle().clone();
    runtime.shutdown_background();
    let outcome = handle.block_on(pages.part(&shown, PLAIN));
    assert!(matches!(outcome, Err(RenderError::BrokenOff)));
}
