// The sliders of a report: how strong a map lies over the picture, and where one of two ends.

export function sliders(root) {
  for (const input of root.querySelectorAll("input[data-slides]")) {
    const figure = input.closest("figure");
    const slide = () => SLIDES[input.dataset.slides](figure, input);
    input.addEventListener("input", slide);
    slide();
  }
}

const SLIDES = {
  strength(figure, input) {
    const layer = figure.querySelectorAll(".map")[Number(input.dataset.layer)];
    layer.style.opacity = input.value / 100;
  },
  reveal(figure, { value }) {
    figure.querySelector(".map").style.clipPath = `inset(0 0 0 ${value}%)`;
    figure.querySelector(".edge").style.left = `${value}%`;
  },
};
