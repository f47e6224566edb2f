import { quantileTable } from "./quantiles.ts";

/** The devices, as events name them. */
export const DEVICES = ["mobile", "desktop", "tablet"] as const;
export type Device = (typeof DEVICES)[number];
/** 256 cells, each an index into `DEVICES`. */
export const DEVICE_CELLS = quantileTable([55, 37, 8], 256);

/** A device and a browser on it, as events name them. */
export interface Profile {
  device: Device;
  browser: string;
}

/** How common browsers are on each device. */
const BROWSERS: Record<Device, readonly (readonly [browser: string, weight: number])[]> = {
  mobile: [
    ["Chrome", 52],
    ["Safari", 34],
    ["Samsung Internet", 9],
    ["Firefox", 5],
  ],
  desktop: [
    ["Chrome", 60],
    ["Edge", 17],
    ["Firefox", 12],
    ["Safari", 11],
  ],
  tablet: [
    ["Safari", 62],
    ["Chrome", 38],
  ],
};

/** Every device with every browser on it; elsewhere a profile is its index in this list. */
export const PROFILES: readonly Profile[] = DEVICES.flatMap((device) =>
  BROWSERS[device].map(([browser]) => ({ device, browser })),
);

/** For every device: 256 cells, each a profile. */
export const PROFILE_CELLS = DEVICES.map((device) => {
  const first = PROFILES.findIndex((profile) => profile.device === device);
  return quantileTable(
    BROWSERS[device].map(([, weight]) => weight),
    256,
  ).map((browser) => first + browser);
});
