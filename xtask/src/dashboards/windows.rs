//! What a window is, in words.

use super::dashboard::Text;

/// For whoever looks at numbers of windows.
pub(super) fn windows(width: u32, height: u32) -> Text {
    Text {
        title: "What a window is",
        // Markdown joins the lines of a paragraph.
        content: "\
8x8 is asked about a window: the calls of the last hour
(1h), or since midnight (today). Each number is of the
whole window: lines move slowly, and a bad quarter of
an hour is seen for an hour.

Windows overlap: never add two readings of a line. The
totals of Company Overview are added up from readings
an hour apart.

Missed calls are all that nobody answered; abandoned
ones are those in which the caller gave up before."
            .to_owned(),
        width,
        height,
    }
}
