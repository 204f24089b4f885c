/* global $ */
/** Offers the names of the cameras that the chosen gateway node sees, below the dialog's camera field. */
globalThis.gatehouseOfferCameras = () => {
  const gateway = $("#node-input-gateway");
  const list = $("<datalist>", { id: "gatehouse-cameras" }).insertAfter("#node-input-camera");
  $("#node-input-camera").attr("list", "gatehouse-cameras");
  const fill = () => {
    const chosen = gateway.val();
    list.empty();
    if (!chosen || chosen === "_ADD_") return;
    $.getJSON(`gatehouse/${encodeURIComponent(chosen)}/cameras`, (cameras) => {
      if (gateway.val() !== chosen) return;
      list.empty();
      for (const { name } of cameras) $("<option>", { value: name }).appendTo(list);
    });
  };
  gateway.on("change", fill);
  fill();
};
