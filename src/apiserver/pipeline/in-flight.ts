import { type Clock, tooManyRequests } from "#base";
import { maxReadsInFlight, maxUploads, maxWritesInFlight } from "../limits.ts";
import { Pace } from "./pace.ts";

type Kind = "read" | "write" | "upload";

const limits: Readonly<Record<Kind, number>> = {
  read: maxReadsInFlight,
  write: maxWritesInFlight,
  upload: maxUploads,
};

/**
 * Counts the requests that are being answered and refuses those beyond the limit. Watches do not count; requests whose
 * body is still on its way count apart, so that slow clients do not take the places of others.
 */
export class InFlight {
  readonly #rooms: Readonly<Record<Kind, Room>>;

  constructor(clock: Clock) {
    const room = (kind: Kind): Room => ({ taken: 0, places: limits[kind], pace: new Pace(clock) });
    this.#rooms = { read: room("read"), write: room("write"), upload: room("upload") };
  }

  get count(): number {
    return this.#rooms.read.taken + this.#rooms.write.taken;
  }

  /** Takes a place. Throws TooManyRequests, which says when to come back. */
  enter(kind: Kind): Place {
    const room = this.#rooms[kind];
    if (room.taken >= room.places) {
      throw tooManyRequests("Too many requests, please try again later.", room.pace.refused());
    }
    return new Place(room);
  }
}

interface Room {
  taken: number;
  readonly places: number;
  readonly pace: Pace;
}

/** The place of one request. */
export class Place {
  readonly #room: Room;
  #isTaken = true;

  constructor(room: Room) {
    this.#room = room;
    room.taken += 1;
  }

  /** Gives it back because the request is answered; once is enough. */
  leave(): void {
    if (this.#isTaken) this.#room.pace.answered();
    this.stepOut();
  }

  /** Gives it back although there is more to do for the request. */
  stepOut(): void {
    if (this.#isTaken) this.#room.taken -= 1;
    this.#isTaken = false;
  }
}
