export { stories, type StoryKind, type StoryOptions } from "./stories.ts";
