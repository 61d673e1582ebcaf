/** When a life is taken for one that has no end. */
export const limits = {
  /** Real time, for the longest lives of real tests: a wait that never ends is found before the test's own time is over. */
  lifeMs: 60_000,
  /** What such a life gets to let go of connections, before the test hears of it. */
  burialMs: 500,
  /** Steps of a life after a crash: loops that look again and again for something that was lost find no end in these. */
  stepsOfSecondLife: 5_000,
};
