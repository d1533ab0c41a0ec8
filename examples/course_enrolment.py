"""Seats of a course, never sold twice: decide on tagged events, and decide again on a conflict.

    python -m examples.course_enrolment [localhost:8124]

A rule spans two things, the course and the student, and neither is an aggregate: a course has three
seats, and a student takes at most two courses. What a decision was based on is the condition of its
append; where another student was faster, the append is refused, and the decision is made anew.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass

import ranvier
from ranvier.client import AppendCondition, Criterion, Hub, Tag, TaggedEvent
from ranvier.client.errors import AlreadyExists, ConsistencyConflict

CONTEXT = "courses"
SEATS = 3
COURSES_AT_MOST = 2
STUDENTS = ("Ada", "Ben", "Cleo", "Dan", "Eve")


@dataclass
class Enrolled:
    """A student has a seat in a course."""

    student: str
    course: str


async def enrol(hub: Hub, student: str, course: str) -> str:
    """Give a student a seat; returns what became of it."""
    of_course, of_student = Tag("course", course), Tag("student", student)
    criteria = Criterion((of_course,)), Criterion((of_student,))
    conflicts = 0
    while True:
        known = await hub.dcb.source(*criteria).all()
        enrolled = [event.value(Enrolled) for event in known.events]
        refusal = why_not(enrolled, student, course)
        if refusal:
            return f"{student}: {refusal}"
        seat = TaggedEvent(Enrolled(student, course), (of_course, of_student))
        try:
            await hub.dcb.append(seat, AppendCondition(known.marker, criteria))
        except ConsistencyConflict:
            conflicts += 1
        else:
            return f"{student}: has a seat after {conflicts} conflicts"


def why_not(enrolled: list[Enrolled], student: str, course: str) -> str:
    """Decide: return what stands against it, or nothing."""
    if Enrolled(student, course) in enrolled:
        return "is in the course already"
    if sum(each.course == course for each in enrolled) >= SEATS:
        return "the course is full"
    if sum(each.student == student for each in enrolled) >= COURSES_AT_MOST:
        return "takes enough courses"
    return ""


async def main(address: str) -> None:
    """Let all students want the same course at the same moment."""
    async with ranvier.connect(address) as hub:
        try:
            await hub.contexts.create(CONTEXT, dcb=True)
        except AlreadyExists:
            print("the context is there already")
    async with ranvier.connect(address, context=CONTEXT) as hub:
        for outcome in await asyncio.gather(*(enrol(hub, each, "logic") for each in STUDENTS)):
            print(outcome)
        seats = await hub.dcb.source(Criterion((Tag("course", "logic"),))).all()
        print(f"{len(seats.events)} of {SEATS} seats are taken")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "localhost:8124"))
