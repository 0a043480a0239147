//! Cron schedules as CronJobs have them: five fields, `@hourly` and its like, `@every 90s`, a time zone in front.
//! Real: github.com/robfig/cron/v3 (parser.go, spec.go), which the controller uses. Its rules for days, stars and the hours
//! that a change to summer time skips or repeats are followed step by step.

use crate::base::Span;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, ZonedDateTime as Zoned};

/// A schedule.
#[derive(Clone, Debug)]
pub struct Schedule {
    times: Times,
    zone: TimeZone,
}

#[derive(Clone, Debug)]
enum Times {
    Every(i64),
    At(Box<Fields>),
}

#[derive(Clone, Debug)]
struct Fields {
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
}

/// Which values match, a bit each, and whether a star stood there.
#[derive(Clone, Copy, Debug)]
struct Field {
    bits: u64,
    star: bool,
}

impl Field {
    fn has(self, value: i8) -> bool {
        self.bits & (1 << value) != 0
    }
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/// Years that are searched for a match.
const YEARS_MAX: i16 = 5;

/// The zone of this name, from the database that comes with the program.
pub fn zone(name: &str) -> Option<TimeZone> {
    if name.is_empty() || name == "UTC" {
        return Some(TimeZone::UTC);
    }
    jiff::tz::TimeZoneDatabase::bundled().get(name).ok()
}

impl Schedule {
    /// Reads a schedule; `zone` unless the text names one itself.
    pub fn parse(text: &str, default_zone: TimeZone) -> Result<Schedule, String> {
        let mut zone_of = default_zone;
        let mut rest = text.trim();
        for prefix in ["CRON_TZ=", "TZ="] {
            if let Some(tail) = rest.strip_prefix(prefix) {
                let (name, tail) = tail.split_once(' ').ok_or_else(|| format!("missing fields after the time zone: {text}"))?;
                zone_of = zone(name).ok_or_else(|| format!("provided bad location {name}: unknown time zone {name}"))?;
                rest = tail.trim();
                break;
            }
        }
        let plain = match rest {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        if let Some(every) = plain.strip_prefix("@every ") {
            let span = Span::parse(every).map_err(|error| format!("failed to parse duration {plain}: {error}"))?;
            return Ok(Schedule { times: Times::Every((span.as_s() as i64).max(1)), zone: zone_of });
        }
        if plain.starts_with('@') {
            return Err(format!("unrecognized descriptor: {plain}"));
        }
        let parts: Vec<&str> = plain.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = parts[..] else {
            return Err(format!("expected exactly 5 fields, found {}: [{}]", parts.len(), parts.join(" ")));
        };
        let fields = Fields {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, &MONTHS)?,
            weekdays: field(weekdays, 0, 6, &WEEKDAYS)?,
        };
        Ok(Schedule { times: Times::At(Box::new(fields)), zone: zone_of })
    }

    /// The first time after this one, in seconds since 1970; None if there is none for years.
    pub fn next(&self, after: i64) -> Option<i64> {
        match &self.times {
            Times::Every(seconds) => Some(after + seconds),
            Times::At(fields) => fields
                .next(Timestamp::from_second(after + 1).ok()?.to_zoned_datetime(self.zone.clone()))
                .map(|time| time.timestamp().as_second()),
        }
    }

    /// A moment as this schedule's zone writes it (RFC 3339).
    pub fn written(&self, second: i64) -> String {
        written(second, &self.zone)
    }
}

/// A moment as a zone writes it (RFC 3339).
pub fn written(second: i64, zone: &TimeZone) -> String {
    let Ok(moment) = Timestamp::from_second(second) else { return String::new() };
    let offset = zone.to_offset(moment);
    if offset.is_zero() { moment.to_string() } else { moment.display_with_offset(offset).to_string() }
}

fn number(text: &str, names: &[&str], first: u32) -> Result<u32, String> {
    let named = names.iter().position(|name| text.eq_ignore_ascii_case(name));
    match named {
        Some(at) => Ok(at as u32 + first),
        None => text.parse().map_err(|_| format!("failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": invalid syntax")),
    }
}

fn field(text: &str, min: u32, max: u32, names: &[&str]) -> Result<Field, String> {
    let mut all = Field { bits: 0, star: false };
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(number(step, &[], 0)?)),
            None => (part, None),
        };
        let (mut start, mut end) = (min, max);
        let is_star = matches!(range, "*" | "?");
        if !is_star {
            let (from, to) = range.split_once('-').unwrap_or((range, ""));
            start = number(from, names, min)?;
            // A single value with a step goes on to the end.
            end = match (to, step) {
                ("", None) => start,
                ("", Some(_)) => max,
                (to, _) => number(to, names, min)?,
            };
        }
        let step = step.unwrap_or(1);
        if start < min || end > max || start > end || step == 0 {
            return Err(format!("bad range {part}: it does not lie between {min} and {max}"));
        }
        all.star |= is_star && step == 1;
        for value in (start..=end).step_by(step as usize) {
            all.bits |= 1 << value;
        }
    }
    Ok(all)
}

impl Fields {
    fn day_matches(&self, time: &Zoned) -> bool {
        let (day, weekday) = (self.days.has(time.day()), self.weekdays.has(time.weekday().to_sunday_zero_offset()));
        if self.days.star || self.weekdays.star { day && weekday } else { day || weekday }
    }

    /// The first match from `time` (a whole second) on.
    fn next(&self, mut time: Zoned) -> Option<Zoned> {
        let last_year = time.year() + YEARS_MAX;
        let mut moved = false;
        'wrap: loop {
            if time.year() > last_year {
                return None;
            }
            while !self.months.has(time.month()) {
                let first = time.date().first_of_month().checked_add(1.month()).ok()?;
                time = first.to_zoned_datetime(time.time_zone().clone()).ok()?;
                moved = true;
                if time.month() == 1 {
                    continue 'wrap;
                }
            }
            while !self.day_matches(&time) {
                time = time.date().tomorrow().ok()?.to_zoned_datetime(time.time_zone().clone()).ok()?;
                moved = true;
                // Where midnight does not exist, the day begins later.
                if time.hour() != 0 && time.hour() > 12 {
                    time = time.checked_add(SignedDuration::from_hours(i64::from(24 - time.hour()))).ok()?;
                }
                if time.day() == 1 {
                    continue 'wrap;
                }
            }
            while !self.hours.has(time.hour()) {
                if !moved {
                    time = start_of_hour(&time)?;
                    moved = true;
                }
                time = time.checked_add(SignedDuration::from_hours(1)).ok()?;
                if time.hour() == 0 {
                    continue 'wrap;
                }
            }
            while !self.minutes.has(time.minute()) {
                let past = SignedDuration::from_secs(i64::from(60 - time.second()));
                time = time.checked_add(past).ok()?;
                moved = true;
                if time.minute() == 0 {
                    continue 'wrap;
                }
            }
            if time.second() == 0 {
                return Some(time);
            }
            time = time.checked_add(SignedDuration::from_secs(i64::from(60 - time.second()))).ok()?;
            moved = true;
            // A new minute may be of a new hour: everything is looked at again.
        }
    }
}

fn start_of_hour(time: &Zoned) -> Option<Zoned> {
    let past = i64::from(time.minute()) * 60 + i64::from(time.second());
    time.checked_sub(SignedDuration::from_secs(past)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    fn next(schedule: &str, zone_name: &str, after: &str) -> String {
        let schedule = Schedule::parse(schedule, zone(zone_name).unwrap()).unwrap();
        schedule.next(second(after)).map_or("never".into(), |time| schedule.written(time))
    }

    #[test]
    fn the_next_time_is_found() {
        let cases = [
            ("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"),
            ("*/15 * * * *", "2026-01-01T00:14:59Z", "2026-01-01T00:15:00Z"),
            ("*/15 * * * *", "2026-01-01T00:15:00Z", "2026-01-01T00:30:00Z"),
            ("30 6-16/4 * * 1-5", "2026-01-02T14:31:00Z", "2026-01-05T06:30:00Z"),
            ("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 0 31 2 *", "2026-01-01T00:00:00Z", "never"),
            ("0 0 13 * fri", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
            ("0 0 13 * *", "2026-01-01T00:00:00Z", "2026-01-13T00:00:00Z"),
            ("0 12 1 JAN ?", "2026-01-01T12:00:00Z", "2027-01-01T12:00:00Z"),
            ("59 23 31 12 *", "2026-12-31T23:58:30Z", "2026-12-31T23:59:00Z"),
            ("@hourly", "2026-01-01T05:00:00Z", "2026-01-01T06:00:00Z"),
            ("@every 90s", "2026-01-01T05:00:00Z", "2026-01-01T05:01:30Z"),
            ("TZ=Asia/Tokyo 0 9 * * *", "2026-01-01T00:00:00Z", "2026-01-02T09:00:00+09:00"),
        ];
        for (schedule, after, want) in cases {
            assert_eq!(next(schedule, "", after), want, "{schedule}");
        }
    }

    #[test]
    fn summer_time_skips_and_repeats_hours() {
        let berlin = |schedule: &str, after: &str| next(schedule, "Europe/Berlin", after);
        // 02:30 does not exist on 2026-03-29: the next one is a day later.
        assert_eq!(berlin("30 2 * * *", "2026-03-28T12:00:00Z"), "2026-03-30T02:30:00+02:00");
        assert_eq!(berlin("0 * * * *", "2026-03-29T00:30:00Z"), "2026-03-29T03:00:00+02:00");
        // 02:30 comes twice on 2026-10-25.
        assert_eq!(berlin("30 2 * * *", "2026-10-25T00:00:00Z"), "2026-10-25T02:30:00+02:00");
        assert_eq!(berlin("30 2 * * *", "2026-10-25T00:30:00Z"), "2026-10-25T02:30:00+01:00");
    }

    #[test]
    fn wrong_schedules_are_refused() {
        for schedule in
            ["", "* * * *", "60 * * * *", "* * * * 7", "5-2 * * * *", "*/0 * * * *", "x * * * *", "@fortnightly", "TZ=Mars/Base * * * * *"]
        {
            assert!(Schedule::parse(schedule, TimeZone::UTC).is_err(), "{schedule}");
        }
        assert!(zone("Mars/Base").is_none());
    }
}
