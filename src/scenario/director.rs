//! Who makes the timeline happen.
