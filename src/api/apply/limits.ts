/** How many managers that update an object are told apart; the oldest beyond become "ancient-changes", as in Kubernetes. */
export const maxUpdateManagers = 10;
