/** The chassis' public face: what a service is written with. One line per part, in the order in which a service meets them. */
export {};
