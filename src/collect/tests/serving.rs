//! What scrapes are answered with.

use super::*;

#[tokio::test(start_paused = true)]
async fn two_hundred_scrapes_at_once_are_one_collection() {
    let (collector, upstream) = one_window(Mode::Scrape);
    *upstream.takes.lock().unwrap() = 2 * SECOND;
    let mut scrapes = JoinSet::new();
    for _ in 0..200 {
        let collector = collector.clone();
        scrapes.spawn(async move { served(&scrape(&collector).await) });
    }
    assert!(scrapes.join_all().await.into_iter().all(|served| served));
    assert_eq!(upstream.asked(), 1);
    assert_eq!(collector.cache_requests(), (200, 199));
}

#[tokio::test(start_paused = true)]
async fn a_scraper_that_hangs_up_does_not_end_the_collection() {
    let (collector, upstream) = one_window(Mode::Scrape);
    *upstream.takes.lock().unwrap() = 5 * SECOND;
    assert!(timeout(SECOND, scrape(&collector)).await.is_err());
    sleep(5 * SECOND).await;
    assert!(served(&collector.view()));
    assert_eq!(upstream.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_collection_serves_the_last_answer_and_then_the_next_scrape() {
    let (collector, upstream) = one_window(Mode::Scrape);
    let first = scrape(&collector).await;
    *upstream.takes.lock().unwrap() = 20 * SECOND;
    sleep(MINUTE).await;
    let start = Instant::now();
    let second = scrape(&collector).await;
    assert_eq!(start.elapsed(), 10 * SECOND);
    let same = |a: &Arc<View>, b: &Arc<View>| Arc::ptr_eq(&answer(a), &answer(b));
    assert!(same(&first, &second));
    sleep(15 * SECOND).await;
    assert!(!same(&first, &scrape(&collector).await));
    assert_eq!(upstream.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn yesterday_is_no_answer_for_today() {
    let (collector, upstream) = start(settings(Mode::Scrape, &["today"]), "2026-03-03T23:59:40Z");
    assert!(served(&scrape(&collector).await));
    upstream.fail(Cause::Timeout);
    sleep(15 * SECOND).await;
    assert!(served(&scrape(&collector).await));
    sleep(10 * SECOND).await;
    assert!(!served(&scrape(&collector).await), "it is 00:00:05");
    upstream.heal();
    sleep(MINUTE).await;
    assert!(served(&scrape(&collector).await));
}

#[tokio::test(start_paused = true)]
async fn nothing_stays_behind_scrapes_that_give_up() {
    let (collector, upstream) = one_window(Mode::Scrape);
    *upstream.takes.lock().unwrap() = 10 * MINUTE;
    let alive = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    scrape(&collector).await;
    let before = alive();
    for _ in 0..5000 {
        let (_, page) = collector.scrape(PLAIN, &room(), sleep(SECOND / 100)).await;
        assert!(page.is_ok());
    }
    assert!(alive() <= before, "{} of {before}", alive());
    assert_eq!(upstream.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_finds_no_room_to_wait_gets_what_there_is_at_once() {
    let (collector, upstream) = one_window(Mode::Scrape);
    let first = scrape(&collector).await;
    *upstream.takes.lock().unwrap() = 5 * SECOND;
    sleep(MINUTE).await;
    let start = Instant::now();
    let full = Semaphore::new(0);
    let (view, page) = collector.scrape(PLAIN, &full, sleep(10 * SECOND)).await;
    assert!(page.is_ok() && start.elapsed() < SECOND);
    assert!(Arc::ptr_eq(&answer(&view), &answer(&first)));
    sleep(6 * SECOND).await;
    assert_eq!(upstream.asked(), 2, "it has been collected all the same");
}

#[tokio::test(start_paused = true)]
async fn what_is_known_is_kept_through_plans_and_names() {
    let bench = bench(settings(Mode::Scrape, &["1h"]), "2026-03-03T10:00:00Z");
    let first = scrape(&bench.collector).await;
    bench.upstream.fail(Cause::ServerError);
    let changed = Settings {
        max_staleness: 20 * MINUTE,
        ..settings(Mode::Scrape, &["1h", "today"])
    };
    bench.collector.reconfigure(bench.plan(changed, false));
    let second = scrape(&bench.collector).await;
    assert_eq!(second.windows.len(), 2);
    assert!(Arc::ptr_eq(&answer(&first), &answer(&second)));
    // Under another name the same is asked: nothing is.
    let renamed = bench.another(settings(Mode::Scrape, &["1h"]));
    let third = scrape(&renamed).await;
    assert!(Arc::ptr_eq(&answer(&first), &answer(&third)));
    assert_eq!(bench.upstream.asked(), 2, "only `today` was news");
}

#[tokio::test(start_paused = true)]
async fn a_new_answer_is_rendered_before_somebody_waits_and_the_old_one_is_freed() {
    let (collector, upstream) = one_window(Mode::Timer);
    sleep(SECOND).await;
    collector
        .scrape(GZIP, &room(), sleep(SECOND))
        .await
        .1
        .unwrap();
    let old: Weak<Snapshot> = Arc::downgrade(&answer(&collector.view()));
    sleep(50 * SECOND).await;
    assert_eq!(upstream.asked(), 2);
    assert!(old.upgrade().is_none());
    assert_eq!(collector.view().page.rendered(), [GZIP]);
    // Nobody has asked for that one, so nobody may ever ask for what comes after it.
    sleep(50 * SECOND).await;
    assert_eq!(upstream.asked(), 3);
    assert_eq!(collector.view().page.rendered(), []);
}
