import assert from "node:assert/strict";
import { test } from "node:test";
import { channels, encodeFrame, FrameDecoder, systemClock } from "#base";
import { onRealNode } from "../testing/on-real-node.ts";
import { heard, type RealNode } from "../testing/real-node.ts";

await onRealNode(import.meta.url, "what is asked of a node's containers", ({ node }) => {
  type Stream = ReturnType<RealNode["talk"]>;
  const say = (stream: Stream, channel: number, text: string) =>
    stream.write(encodeFrame(channel, Buffer.from(text)));
  const resize = (stream: Stream, Width: number, Height: number) =>
    say(stream, channels.resize, JSON.stringify({ Width, Height }));

  /** Hears a stream's standard output until it holds the text. */
  const hears = async (stream: Stream, text: string) => {
    const decoder = new FrameDecoder(1 << 20);
    let said = "";
    await new Promise<void>((resolve, reject) => {
      const onData = (chunk: Buffer) => {
        for (const { channel, payload } of decoder.push(chunk))
          if (channel === channels.stdout) said += Buffer.from(payload).toString();
        if (!said.includes(text)) return;
        stream.off("data", onData);
        stream.pause();
        resolve();
      };
      stream.on("data", onData).resume();
      const complain = () => reject(new Error(`it never said ${text}, only: ${said}`));
      stream.once("close", complain);
      systemClock.setTimer(5_000, complain, { unref: true });
    });
    return said;
  };

  test("a terminal has the size that is asked for, changes it, and ends with its command's code", async () => {
    await node.run("shell", { command: ["sleep", "1000"] });
    await node.ready("shell");
    const words: [string, string][] = [
      ["command", "sh"],
      ["stdin", "true"],
      ["tty", "true"],
    ];
    const stream = node.talk("/exec/default/shell/main", words);
    resize(stream, 123, 45);
    say(stream, channels.stdin, "until stty size | grep '45 123'; do sleep 0.05; done; tty; echo $TERM\n");
    await hears(stream, "45 123\r\n/dev/pts/");
    resize(stream, 80, 24);
    say(stream, channels.stdin, "until stty size | grep '24 80'; do sleep 0.05; done\n");
    await hears(stream, "24 80\r\n");
    say(stream, channels.stdin, "exit 7\n");
    const { status } = await heard(stream);
    assert.equal(status.details?.causes?.[0]?.message, "7");
    await node.remove("shell");
  });

  test("a command whose client goes away ends; one that is missing says so", async () => {
    await node.run("left", { command: ["sleep", "1000"] });
    await node.ready("left");
    const stream = node.talk("/exec/default/left/main", [
      ["command", "sh"],
      ["command", "-c"],
      ["command", "echo up; exec sleep 777"],
    ]);
    await hears(stream, "up\n");
    stream.close(8);
    await node.shell("left", "while grep -qs '[7]77' /proc/[0-9]*/cmdline; do sleep 0.05; done");
    const missing = await node.exec("left", ["no-such-program"]);
    assert.match(JSON.stringify(missing), /no-such-program/);
    assert.notEqual(missing.status.status, "Success");
    await node.remove("left");
  });

  test("who attaches talks to the main process, and succeeds however that ends", async () => {
    const command = ["sh", "-c", "while read line; do echo heard $line; [ $line = end ] && exit 3; done"];
    await node.run("talk", { command, stdin: true }, { restartPolicy: "Never" });
    await node.until("talk", "running", (pod) => pod?.status?.phase === "Running");
    const first = node.talk("/attach/default/talk/main", [["stdin", "true"]]);
    say(first, channels.stdin, "one\n");
    await hears(first, "heard one\n");
    first.close(8);
    const second = node.talk("/attach/default/talk/main", [["stdin", "true"]]);
    say(second, channels.stdin, "end\n");
    const { stdout, status } = await heard(second);
    assert.equal(stdout, "heard end\n");
    assert.equal(status.status, "Success");
    assert.equal((await node.ended("talk")).status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 3);
  });

  test("logs: lines from the end, bytes, times, since when; long lines whole", async () => {
    const long = "x".repeat(40_000);
    const script = `i=0; while [ $i -lt 5 ]; do echo line $i; i=$((i+1)); done; head -c 40000 /dev/zero | tr '\\0' x; echo; printf unended`;
    await node.run("lines", { command: ["sh", "-c", script] }, { restartPolicy: "Never" });
    await node.ended("lines");
    assert.equal(await node.logs("lines"), `line 0\nline 1\nline 2\nline 3\nline 4\n${long}\nunended`);
    assert.equal(await node.logs("lines", "limitBytes=9"), "line 0\nli");
    assert.match(
      await node.logs("lines", "timestamps=true&limitBytes=60"),
      /^\d{4}-\d\d-\d\dT[\d:.]+Z line 0\n\d{4}-/,
    );
    assert.equal((await node.logs("lines", "timestamps=true")).split("Z ").length, 1 + 5 + 1 + 1);
    assert.equal(await node.logs("lines", "sinceTime=2100-01-01T00:00:00Z"), "");
    assert.equal((await node.logs("lines", "sinceSeconds=1000")).length, 35 + 40_001 + 7);
    assert.equal(await node.logs("lines", "tailLines=0"), "");
    assert.equal(await node.logs("lines", "tailLines=1"), "unended");
    await assert.rejects(async () => {
      const text = await node.logs("lines", "tailLines=-1");
      throw new Error(JSON.parse(text).message);
    }, /tailLines must be a non-negative integer/);
  });

  test("who follows a log loses nothing when it is rotated, and hears its end", async () => {
    const script = "i=0; while [ $i -lt 40 ]; do echo line $i; i=$((i+1)); sleep 0.02; done";
    const created = await node.run("turning", { command: ["sh", "-c", script] }, { restartPolicy: "Never" });
    await node.until("turning", "running", (pod) => pod?.status?.phase === "Running");
    const path = `${node.machine.directory}/logs/default_turning_${created.metadata?.uid}/main/0.log`;
    const stream = node.follow("turning", "follow=true");
    let text = "";
    let turns = 0;
    for await (const chunk of stream) {
      text += chunk;
      // As the agent does with one that has grown too large.
      if (turns < 2 && text.split("\n").length > 10 * (turns + 1)) {
        turns += 1;
        await node.host.files.rename(path, `${path}.2026010100000${turns}`);
        const { runtime } = node.agent.opened;
        const [own] = (await runtime.containers()).filter((one) => one.sandboxId === created.metadata?.uid);
        await runtime.reopenLog(own?.id ?? "");
      }
    }
    const whole = Array.from({ length: 40 }, (_, index) => `line ${index}\n`).join("");
    assert.equal(turns, 2);
    assert.equal(text, whole);
    await node.ended("turning");
    assert.equal(await node.logs("turning"), whole);
    assert.equal(await node.logs("turning", "tailLines=35"), whole.slice(whole.indexOf("line 5\n")));
  });

  test("the summary counts what containers use", async () => {
    const script = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 1000";
    await node.run("busy", { command: ["sh", "-c", script] });
    await node.ready("busy");
    const ask = async () => {
      let text = "";
      for await (const chunk of node.session.request({ ":path": "/stats/summary" })) text += chunk;
      return JSON.parse(text);
    };
    const own = (summary: Awaited<ReturnType<typeof ask>>) =>
      summary.pods.find((pod: { podRef: { name: string } }) => pod.podRef.name === "busy").containers[0];
    const summary = await ask();
    const { name, memory, cpu } = own(summary);
    assert.equal(name, "main");
    assert.ok(memory.workingSetBytes > 0);
    assert.ok(cpu.usageCoreNanoSeconds > 0);
    assert.ok(cpu.usageNanoCores >= 0, "who asks for the first time is told of rates, too");
    assert.equal(summary.node.nodeName, "node");
    assert.ok(summary.node.cpu.usageNanoCores > 0);
    assert.ok(summary.node.memory.availableBytes > 0);
    assert.ok(summary.node.fs.usedBytes < summary.node.fs.capacityBytes);
    await node.remove("busy");
  });
});
