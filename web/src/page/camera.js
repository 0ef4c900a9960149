/** A photograph from the camera: the telephone's own camera program, or the picture of a webcam. */

import { CAMERA } from "../strings.js";
import { element } from "./elements.js";

const QUALITY = 0.95;

/**
 * @param {(file: File) => void} onPhotograph
 * @param {(message: string) => void} onProblem
 */
export function wireCamera(onPhotograph, onProblem) {
  const dialog = element("camera", HTMLDialogElement);
  const video = element("camera-picture", HTMLVideoElement);
  const input = element("camera-input", HTMLInputElement);

  const stop = () => {
    const stream = /** @type {MediaStream | null} */ (video.srcObject);
    for (const track of stream?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  };

  const open = async () => {
    // A telephone's own program gives the full resolution.
    if (matchMedia("(pointer: coarse)").matches || !navigator.mediaDevices) {
      input.click();
      return;
    }
    try {
      const wanted = { facingMode: "environment", width: { ideal: 4096 }, height: { ideal: 4096 } };
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: wanted });
      dialog.showModal();
      await video.play();
    } catch (error) {
      dialog.close();
      onProblem(CAMERA.refused(error instanceof Error ? error.message : String(error)));
    }
  };

  const take = async () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    dialog.close();
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
    const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
    onPhotograph(new File([blob], `camera-${time}.jpg`, { type: "image/jpeg" }));
  };

  element("use-camera", HTMLButtonElement).addEventListener("click", open);
  element("take", HTMLButtonElement).addEventListener("click", take);
  element("camera-close", HTMLButtonElement).addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", stop);
  input.addEventListener("change", () => {
    for (const file of input.files ?? []) onPhotograph(file);
    input.value = "";
  });
}
