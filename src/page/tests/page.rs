use std::sync::Weak;
use std::task::{Context, Waker};

use tokio::task::JoinSet;

use super::*;

const PLAIN: Variant = Variant::new(Format::Text, Encoding::Identity);

fn page(rows: Vec<Row>) -> Arc<Page> {
    Arc::new(Page::new(vec![(window("1h"), snapshot(rows))]))
}

fn rendering(page: &Page, variant: Variant) -> Option<Rendering> {
    page.renderings[variant.index()].get().cloned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_who_ask_share_one_rendering() {
    let page = page((0..200).map(|n| row(&format!("pbx-{n}"), 1.0)).collect());
    for variant in Variant::ALL {
        let mut asking = JoinSet::new();
        for _ in 0..50 {
            let page = page.clone();
            asking.spawn(async move {
                let segment = page.segment(variant).await.unwrap();
                assert_eq!(segment.variant(), variant);
                segment.into_bytes()
            });
        }
        let segments = asking.join_all().await;
        assert!(!segments[0].is_empty());
        let first = segments[0].as_ptr();
        assert!(segments.iter().all(|segment| segment.as_ptr() == first));
    }
}

#[tokio::test]
async fn a_rendering_outlives_who_asked_for_it() {
    let page = page(documented());
    {
        let mut asking = Box::pin(page.segment(PLAIN));
        let mut context = Context::from_waker(Waker::noop());
        // Both outcomes of the first poll are fine: it may be ready at once.
        let _ = asking.as_mut().poll(&mut context);
    }
    let mut rendering = rendering(&page, PLAIN).expect("no rendering was begun");
    rendering.wait_for(Option::is_some).await.unwrap();
}

#[tokio::test]
async fn a_form_that_nobody_asks_for_is_not_rendered() {
    let page = page(documented());
    page.segment(PLAIN).await.unwrap();
    for variant in Variant::ALL {
        assert_eq!(rendering(&page, variant).is_some(), variant == PLAIN);
    }
}

#[tokio::test]
async fn a_page_that_is_dropped_frees_its_answers() {
    let answer = snapshot(documented());
    let freed: Weak<Snapshot> = Arc::downgrade(&answer);
    let page = Arc::new(Page::new(vec![(window("1h"), answer)]));
    page.segment(PLAIN).await.unwrap();
    drop(page);
    assert!(freed.upgrade().is_none());
}

#[test]
fn a_runtime_that_ends_leaves_an_error_and_nobody_waiting() {
    let page = page(documented());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let handle = runtime.handle().clone();
    runtime.shutdown_background();
    let outcome = handle.block_on(page.segment(PLAIN));
    assert!(matches!(outcome, Err(RenderError::BrokenOff)));
}
