import { expect, test } from "vitest";
import { EventParser } from "../src/api/sse";

const stream = 'event: job\ndata: {"a":1}\n\n: alive\n\nevent: clip\r\ndata: one\r\ndata: two\r\n\r\ndata: rest';

test("events come out whole, however the text is cut", () => {
  for (let size = 1; size <= stream.length; size++) {
    const parser = new EventParser();
    const found = [];
    for (let at = 0; at < stream.length; at += size) found.push(...parser.push(stream.slice(at, at + size)));
    expect(found).toEqual([
      { event: "job", data: '{"a":1}' },
      { event: "clip", data: "one\ntwo" },
    ]);
  }
});
