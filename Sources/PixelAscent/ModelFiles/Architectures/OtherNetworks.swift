// SPDX-License-Identifier: MIT

/// timm's networks that no family reads, for the error line that names them.
enum OtherNetwork {
  /// Returns the command that writes the network in a state dict as ONNX. The user has to give the network's name.
  static func exportCommand(_ dict: StateDict) -> String {
    let isPlain = dict.name.allSatisfy { $0.isLetter || $0.isNumber || "/._-+".contains($0) }
    // The last linear layer makes the scores.
    let classes = dict.entries.last { $0.name.hasSuffix(".weight") && $0.parameter.shape.count == 2 }
    let count = (classes?.parameter.shape[0]).map { $0 == 1000 ? "" : ", num_classes=\($0)" } ?? ""
    return
      "python -c \"import timm, torch; torch.onnx.export(timm.create_model('NAME', "
      + "checkpoint_path='\(isPlain ? dict.name : "FILE")'\(count)).eval(), torch.zeros(1, 3, 224, 224), 'model.onnx')\""
  }

  /// Returns what an error line says about a state dict with the names of one of these networks; nil for another one.
  static func line(_ dict: StateDict) -> String? {
    if let (_, name) = modules.first(where: { dict.shape("\($0.module).weight") != nil }) {
      return "its tensors have the names of timm's \(name), which is read as ONNX only: \(exportCommand(dict))"
    }
    let hasAttention = dict.entries.contains { entry in
      [".attn.qkv.", ".attn.q.", ".attn.q_proj.", ".attn.proj.", ".self_attention.", ".attention.attention."].contains {
        entry.name.hasPart($0)
      }
    }
    return hasAttention ? "its tensors have the names of a network with attention, which is not supported" : nil
  }

  /// By a module that only one kind of network has, the name of the kind.
  private static let modules: [(module: String, name: String)] = [
    ("blocks.0.0.ghost1.fusion_bn.0", "repghost"), ("blocks.0.0.ghost1.primary_conv.0", "ghostnet"),
    ("blocks.1.0.ghost1.primary_conv.0", "ghostnet"), ("blocks.1.0.conv_pw.0", "mixnet"),
    ("blocks.2.0.conv_dw.0", "mixnet"), ("blocks.4.0.routing_fn", "efficientnet_cc"),
    ("layer1.0.bns.0", "res2net"), ("layer1.0.conv2.fc1", "resnest"), ("layer1.0.conv2.bn", "skresnet"),
    ("layer1.0.conv1.bn", "skresnet"), ("layer1.0.se_module.fc1", "legacy_senet"),
    ("level0.0", "dla"), ("features.conv1_1.conv", "dpn"), ("stem.conv_kxk.0.conv", "mobileone"),
    ("stages.0.blocks.0.conv_mid.0.conv", "vovnet"), ("stages.0.blocks.0.conv_mid.0.conv_dw", "vovnet"),
    ("features.3.se.bn", "rexnet"), ("stages.1.conv_down.conv", "cspnet"), ("stages.3.1.conv1.conv", "cspnext"),
    ("final_layer.0", "hrnet"), ("block1.skip", "xception"), ("blocks.0.stack.conv1.conv_dw", "xception"),
    ("body.conv1.conv", "tresnet"), ("stages.0.0.conv1", "nfnet"), ("cell_0.path_1.conv", "nasnet"),
    ("cell_6.conv_prev_1x1.conv", "pnasnet"), ("conv2d_1a.conv", "inception_resnet_v2"),
    ("features.3.conv.conv", "inception_v4"), ("stages.0.blocks.0.token_mixer.dwconv_h", "inception_next"),
    ("stages.0.blocks.0.mlp.0", "fasternet"), ("stem.2.identity", "fastvit"), ("stages.0.blocks.0.fc1", "mambaout"),
    ("head.last_conv.0", "hgnet"), ("dense_stages.1.0", "rdnet"), ("stages.0.1.g.bn", "starnet"),
    ("blocks.0.3", "convmixer"), ("head.0.0", "selecsls"), ("stages.2.blocks.0.se.fc1", "repvit"),
    ("s1.b1.norm1", "regnetv"), ("stages.2.0.se.fc1", "lcnetv2"), ("blocks.0.mlp_channels.fc1", "mixer"),
    ("stages.0.0.conv1_kxk.conv", "byobnet"), ("layers.1.downsample.proj", "focalnet"),
  ]
}
