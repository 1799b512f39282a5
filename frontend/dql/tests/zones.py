"""Writes zones.txt: a place, what its clocks show, and that instant in UTC, by Python's zoneinfo; also `never` and `twice`.

    python frontend/dql/tests/zones.py > frontend/dql/tests/zones.txt
"""
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

PLACES = ["Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia",
          "America/Sao_Paulo", "Africa/Casablanca", "Atlantic/Reykjavik", "America/New_York", "Asia/Tokyo"]
CLOCKS = ["1985-03-31T02:30", "2011-12-30T12:00", "2016-02-20T23:30", "2024-01-15T12:00", "2024-03-10T02:30",
          "2024-03-31T02:30", "2024-03-31T03:00", "2024-07-15T12:00", "2024-10-06T02:15", "2024-10-27T02:30",
          "2024-11-03T01:30"]
FORM = "%Y-%m-%dT%H:%M"

for place in PLACES:
    zone = ZoneInfo(place)
    for clock in CLOCKS:
        local = datetime.strptime(clock, FORM)
        instants = {local.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1)}
        # Of a clock that never shows it, Python's two guesses are an hour off what was asked for.
        shown = {i for i in instants if i.astimezone(zone).replace(tzinfo=None) == local}
        answer = {0: "never", 1: min(shown, default=local).strftime(FORM), 2: "twice"}[len(shown)]
        print(place, clock, answer)
