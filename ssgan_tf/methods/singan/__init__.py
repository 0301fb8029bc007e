"""SinGAN: a pyramid of small GANs for each training image (Shaham et al. 2019; Zhang et al.)."""
