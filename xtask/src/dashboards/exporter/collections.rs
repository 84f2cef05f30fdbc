//! Do collections work, and what do they cover?

use super::{OF_INSTANCE, OF_WINDOW, lines};
use crate::dashboards::look;
use crate::dashboards::panel::Panel;
use crate::dashboards::query::{account, age};

pub(super) fn panels() -> Vec<Panel> {
    vec![
        lines(
            "Data age by window",
            "How old the newest answer is at each moment. A saw is healthy: it rises until the \
             next answer comes. Dashed: not fresh any more, and stale.",
            "now less the time of the last good collection",
            &["eightxeight_collection_last_success_timestamp_seconds"],
            "A rising line: collections fail. See the failures by reason.",
        )
        .unit("s", None)
        .dashed(look::age())
        .query(&age("account, window", None), OF_WINDOW),
        lines(
            "Newest collection worked",
            "1 while the newest collection of the window worked.",
            "eightxeight_collection_success as it is",
            &["eightxeight_collection_success"],
            "Two exporters and one of them at 0: it shows old calls, which no panel and no alert \
             counts.",
        )
        .unit("none", 0)
        .default("min", 0)
        .default("max", 1)
        .custom("lineInterpolation", "stepAfter")
        .query(&account("eightxeight_collection_success"), OF_INSTANCE),
        lines(
            "Duration of a collection",
            "How long the newest collection took, logins and waits for the budget included.",
            "eightxeight_collection_duration_seconds as it is",
            &["eightxeight_collection_duration_seconds"],
            "Longer than Prometheus' scrape timeout: scrapes get the answer before. Near the \
             interval: take a longer one, or fewer windows.",
        )
        .unit("s", None)
        .query(
            &account("eightxeight_collection_duration_seconds"),
            OF_INSTANCE,
        ),
        lines(
            "Length of a window",
            "The period that the numbers cover. A rolling window is a flat line, `today` rises \
             until midnight.",
            "end - start",
            &[
                "eightxeight_window_end_timestamp_seconds",
                "eightxeight_window_start_timestamp_seconds",
            ],
            "`today` starts anew at another hour than your midnight: set --collect.time-zone.",
        )
        .unit("s", None)
        .query(
            &format!(
                "{}\n- {}",
                account("eightxeight_window_end_timestamp_seconds"),
                account("eightxeight_window_start_timestamp_seconds")
            ),
            OF_INSTANCE,
        ),
        lines(
            "End of a window behind now",
            "How far back the newest moment lies that the numbers cover: --collect.delay and the \
             data's age.",
            "now - end",
            &["eightxeight_window_end_timestamp_seconds"],
            "Rising: collections fail.",
        )
        .unit("s", None)
        .query(
            &format!(
                "time() - {}",
                account("eightxeight_window_end_timestamp_seconds")
            ),
            OF_INSTANCE,
        ),
        lines(
            "PBXs in the answer",
            "How many PBXs 8x8 answers with.",
            "eightxeight_pbxes as it is",
            &["eightxeight_pbxes"],
            "One is missing: 8x8 may leave out PBXs without calls; else see the user's \
             permissions.",
        )
        .unit("none", 0)
        .query(&account("eightxeight_pbxes"), OF_INSTANCE),
    ]
}
